package engineio_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/socketio/engineio"

	"pgregory.net/rapid"
)

// A client that is behind gets, of all messages with one key, the newest, where
// the oldest was. The model is a list and a loop.
func TestQueueKeepsTheNewest(t *testing.T) {
	type sent struct {
		Key  string
		Text string
	}
	rapid.Check(t, func(r *rapid.T) {
		keys := rapid.SampledFrom([]string{"", "a", "b", "c", "d"})
		if rapid.Bool().Draw(r, "many keys") {
			keys = rapid.Map(rapid.IntRange(0, 80), func(i int) string { return fmt.Sprint("key ", i) })
		}
		rounds := rapid.SliceOfN(rapid.SliceOfN(keys, 1, 120), 1, 4).Draw(r, "keys sent between two GETs")
		inWorld(t, engineio.Config{PingInterval: time.Hour}, func(w *world) {
			sid := w.poll()
			for i, round := range rounds {
				var model []sent
				for j, key := range round {
					m := sent{key, fmt.Sprintf("%d.%d", i, j)}
					w.session(0).Send(engineio.NewMessage(key, engineio.Part{Data: []byte(m.Text)}))
					at := len(model)
					for k := range model {
						if key != "" && model[k].Key == key {
							at = k
						}
					}
					if model = append(model, m); at < len(model)-1 {
						model[at] = m
						model = model[:len(model)-1]
					}
				}
				want := make([]string, len(model))
				for k, m := range model {
					want[k] = "4" + m.Text
				}
				if got := w.get(sid).body; got != strings.Join(want, "\x1e") {
					r.Fatalf("round %d: got %q, want %q", i, got, want)
				}
			}
		})
	})
}

// What is more than one answer holds comes with the next ones, and newer values
// still find their older ones.
func TestQueueAcrossAnswers(t *testing.T) {
	inWorld(t, engineio.Config{PingInterval: time.Hour}, func(w *world) {
		sid := w.poll()
		filler := strings.Repeat("x", 10_000)
		send := func(i int, value string) {
			key := fmt.Sprint(i)
			w.session(0).Send(engineio.NewMessage(key, engineio.Part{Data: []byte(key + value + filler)}))
		}
		for i := range 40 {
			send(i, "old")
		}
		got := strings.Split(w.get(sid).body, "\x1e")
		if len(got) >= 40 || len(got) == 0 {
			w.Fatalf("the first answer has %d of 40 messages, want a part", len(got))
		}
		for i := range 40 { // those that have left queue anew, behind the others
			send(i, "new")
		}
		first := len(got)
		for len(got) < 40+first {
			got = append(got, strings.Split(w.get(sid).body, "\x1e")...)
		}
		for i, message := range got {
			want := fmt.Sprintf("4%dnew", i%40)
			if i < first {
				want = fmt.Sprintf("4%dold", i)
			}
			if !strings.HasPrefix(message, want) {
				w.Errorf("message %d: got %.10q…, want %q", i, message, want)
			}
		}
		if got := w.server.Stats().Coalesced; got != uint64(40-first) {
			w.Errorf("got %d coalesced, want %d", got, 40-first)
		}
	})
}

// A queue that runs over costs its client the connection, with a reason.
func TestQueueBounds(t *testing.T) {
	cases := []struct {
		name string
		cfg  engineio.Config
		size int // of each message, with its type
		fit  int
	}{
		{"messages", engineio.Config{MaxQueue: 10}, 2, 10},
		{"bytes", engineio.Config{MaxQueueBytes: 1000}, 100, 10},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, c.cfg, func(w *world) {
				w.poll()
				for range c.fit {
					w.session(0).Send(engineio.NewMessage("", engineio.Part{Data: make([]byte, c.size-1)}))
				}
				w.endedWith()
				w.session(0).Send(engineio.NewMessage("", engineio.Part{Data: make([]byte, c.size-1)}))
				w.endedWith(engineio.SlowClient)
			})
		})
	}
}

// All queues together are bounded, too: those who hold the most are dropped, and
// who holds little is sent what it is sent.
func TestQueuesTogether(t *testing.T) {
	const (
		clients = 8
		all     = 100_000
		message = 1_000
	)
	cfg := engineio.Config{PingInterval: time.Hour, MaxSessions: clients, MaxQueuedBytes: all, MaxQueueBytes: all}
	inWorld(t, cfg, func(w *world) {
		for range clients {
			w.poll()
		}
		send := func(to, times int) {
			for range times {
				w.session(to).Send(engineio.NewMessage("", engineio.Part{Data: make([]byte, message-1)}))
				synctest.Wait()
				if got := w.server.Stats().Queued; got > 2*all {
					w.Fatalf("%d bytes are queued, want %d at most", got, 2*all)
				}
			}
		}
		send(0, 40)
		send(1, 40)
		send(2, 20)
		w.endedWith() // it is as much as may be
		send(3, 1)
		send(4, 10) // less than a share, which is 12.5
		w.endedWith()
		send(0, 1)
		w.endedWith(engineio.SlowClient)
		if got := w.server.Stats().Queued; got != 71*message {
			w.Errorf("%d bytes are queued, want %d: without the one that was dropped", got, 71*message)
		}
		send(1, 29) // there is room again
		w.endedWith(engineio.SlowClient)
	})
}

// A WebSocket that does not take what it is sent is dropped after WriteTimeout,
// although its queue, of one key, never grows. Others get everything.
func TestSlowReader(t *testing.T) {
	cfg := engineio.Config{PingInterval: time.Hour, WriteTimeout: 3 * time.Second}
	inWorld(t, cfg, func(w *world) {
		w.open()
		healthy, _ := w.open()
		received := make(chan string)
		go func() {
			for {
				text, err := healthy.ReadText()
				if err != nil {
					close(received)
					return
				}
				received <- text
			}
		}()
		begin := time.Now()
		for i := range 50 {
			m := engineio.Prepare("key", engineio.Part{Data: fmt.Append(nil, i)})
			w.session(0).Send(m)
			w.session(1).Send(m)
			if got, want := <-received, fmt.Sprint("4", i); got != want {
				w.Errorf("the healthy client got %q, want %q", got, want)
			}
			time.Sleep(100 * time.Millisecond)
			if i == 25 {
				w.endedWith() // not before its time
			}
		}
		w.endedWith(engineio.SlowClient)
		if got := time.Since(begin); got != 5*time.Second {
			w.Errorf("the slow client cost the healthy one time: %v for 50 messages, want 5 s", got)
		}
		if got := w.server.Stats().Closed[engineio.SlowClient]; got != 1 {
			w.Errorf("got %d slow clients counted, want 1", got)
		}
		w.server.Close(w.Context())
		<-received
	})
}

// One message may be sent to sessions on all transports.
func TestPreparedMessage(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		sid := w.poll()
		c, _ := w.open()
		m := engineio.Prepare("", engineio.Part{Data: []byte("text")}, engineio.Part{Binary: true, Data: []byte{1, 2, 3, 4}})
		for range 2 {
			w.session(0).Send(m)
			w.session(1).Send(m)
			synctest.Wait()
			if got := w.get(sid).body; got != "4text\x1ebAQIDBA==" {
				w.Errorf("over polling: got %q", got)
			}
			if got := w.read(c) + "+" + w.read(c); got != "4text+\x01\x02\x03\x04" {
				w.Errorf("over WebSocket: got %q", got)
			}
		}
	})
}
