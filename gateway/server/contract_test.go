package server_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/server"
	"distributed-counter/gateway/socketio/sockettest"
)

// The tests of this file are named after what the original's users saw and ours
// must not: the sentences are those of the contract.

// "nothing for a client that comes late"
func TestClientThatComesLateIsToldAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		live := w.running("cat", 3, 40)
		one, ten := w.final(0, "cat", 12, 37), w.final(2, "cat", 30, 37)
		time.Sleep(time.Minute)
		v := g.connect()
		defer v.leave()
		v.register("cat", "dog")
		v.expect(finalEvent(0, one), finalEvent(2, ten), liveEvent(live))
	})
}

// The same where the gateway comes late, and the client was there before it
// had read anything.
func TestClientThatWasFirstIsToldWhenCountsAreKnown(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		live, one := w.running("cat", 3, 40), w.final(0, "cat", 12, 37)
		w.cut(true)
		g := w.gateway(nil)
		defer g.stop()
		v := g.connect()
		defer v.leave()
		v.register("cat")
		v.expect()
		w.cut(false)
		v.expect(finalEvent(0, one), liveEvent(live))
	})
}

// "two replicas split the data"
func TestTwoReplicasServeEveryClientAlike(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		a, b := w.gateway(nil), w.gateway(nil)
		defer a.stop()
		defer b.stop()
		va, vb := a.connect(), b.connect()
		defer va.leave()
		defer vb.leave()
		va.register("cat", "dog", "cow")
		vb.register("cat", "dog", "cow")
		va.expect()
		vb.expect()
		var want []string
		for i, id := range []string{"cat", "dog", "cow"} {
			want = append(want, finalEvent(0, w.final(0, "cat", uint64(i+1), 9)))
			time.Sleep(time.Second) // so that the order of the topics is certain
			want = append(want, liveEvent(w.running("dog", uint64(i+1), 9)))
			time.Sleep(time.Second)
			want = append(want, finalEvent(1, w.final(1, "cow", uint64(len(id)+i), 9)))
			time.Sleep(time.Second)
		}
		va.expect(want...)
		vb.expect(want...)
	})
}

// "loops that outlive their client"
func TestNothingOutlivesItsClient(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		synctest.Wait()
		before := runtime.NumGoroutine()
		for range 20 {
			v := g.connect()
			v.register("cat")
			for _, minutes := range []string{"1", "5", "10"} {
				if err := v.Emit("consume_"+minutes+"_min_aggregations", struct{}{}); err != nil {
					t.Fatal(err)
				}
			}
			w.running("cat", 1, 1)
			if len(v.got()) == 0 {
				t.Fatal("a client gets nothing")
			}
			v.leave()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := runtime.NumGoroutine(); got > before {
			t.Errorf("%d goroutines after 20 clients have left, want the %d of before", got, before)
		}
		if clients, rooms := g.metric("counter_gateway_clients", ""), g.metric("counter_gateway_rooms", ""); clients+rooms != 0 {
			t.Errorf("%v clients and %v rooms are left, want none", clients, rooms)
		}
	})
}

// "no recovery when Kafka was down at start"
func TestKafkaDownAtStart(t *testing.T) {
	inWorld(t, func(w *world) {
		w.cut(true)
		g := w.gateway(nil)
		defer g.stop()
		time.Sleep(10 * time.Minute)
		if resp, _ := g.get("GET", "/"); resp.StatusCode != http.StatusOK {
			t.Errorf("GET / without Kafka: %d, want 200", resp.StatusCode)
		}
		resp, body := g.get("GET", "/videos/cat/likes")
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("counts without Kafka: %d %s, want 503 with Retry-After", resp.StatusCode, body)
		}
		v := g.connect()
		defer v.leave()
		v.register("cat")
		w.cut(false)
		w.create()
		time.Sleep(time.Minute)
		v.expect()
		v.expect(liveEvent(w.running("cat", 1, 1)))
	})
}

// "an auth payload hangs the client"
func TestAuthPayloadIsAnswered(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		o := g.options()
		o.Auth = map[string]string{"token": "abc"}
		c, err := sockettest.Connect(context.Background(), o)
		if err != nil {
			t.Fatalf("connect with an auth payload: %v, want an answer", err)
		}
		defer c.Close()
		if c.ID == "" {
			t.Error("the answer has no id")
		}
	})
}

// "500 on a POST without sid"
func TestPostWithoutSid(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.gateway(nil)
		defer g.stop()
		for _, tc := range []struct {
			name, query, body string
		}{
			{"no sid", "EIO=4&transport=polling", `{"code":2,"message":"Bad handshake method"}`},
			{"unknown sid", "EIO=4&transport=polling&sid=x", `{"code":1,"message":"Session ID unknown"}`},
			{"bad transport", "EIO=4&transport=pigeon", `{"code":0,"message":"Transport unknown"}`},
		} {
			resp, err := g.http.Post("http://gateway/socket.io/?"+tc.query, "text/plain", strings.NewReader("40"))
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest || string(body) != tc.body {
				t.Errorf("%s: %d %s, want 400 %s", tc.name, resp.StatusCode, body, tc.body)
			}
		}
	})
}

// "rooms never left"
func TestClientIsInExactlyTheRoomsOfItsLastList(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		v := g.connect()
		defer v.leave()
		v.register("cat", "dog")
		v.register("dog", "cow")
		v.expect()
		w.running("cat", 1, 1)
		dog := w.running("dog", 2, 2)
		time.Sleep(time.Second)
		cow := w.running("cow", 3, 3)
		v.expect(liveEvent(dog), liveEvent(cow))
		v.register()
		v.expect()
		w.running("dog", 3, 3)
		w.final(0, "cow", 3, 3)
		v.expect()
		if got := g.metric("counter_gateway_rooms", ""); got != 0 {
			t.Errorf("%v rooms, want none", got)
		}
	})
}

// "register_room … may come before or after the next ones"; "consume_… accepted,
// also repeated; nothing depends on them"; "consume_topic and any unknown event:
// ignored; no error, no disconnect"
func TestConsumeAndUnknownEvents(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		v := g.connect()
		defer v.leave()
		for _, event := range []string{"consume_1_min_aggregations", "consume_topic", "consume_1_min_aggregations", "anything"} {
			if err := v.Emit(event, struct{}{}); err != nil {
				t.Fatal(err)
			}
		}
		v.register("cat")
		if err := v.Emit("consume_10_min_aggregations"); err != nil {
			t.Fatal(err)
		}
		v.expect()
		v.expect(finalEvent(2, w.final(2, "cat", 1, 1)))
	})
}

// The names of final counts are settings, and two may be the same.
func TestEventNames(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(func(c *server.Config) { c.EventNames = [3]string{"one", "more", "more"} })
		defer g.stop()
		w.final(0, "cat", 1, 6)
		w.final(1, "cat", 2, 6)
		w.final(2, "cat", 3, 6)
		time.Sleep(time.Second)
		v := g.connect()
		defer v.leave()
		v.register("cat")
		var names []string
		for _, e := range v.got() {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != "one more more" {
			t.Errorf("events %q, want one, more and more", got)
		}
	})
}

// A client that is behind misses no window.
func TestEveryWindowIsTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		c, err := sockettest.Connect(context.Background(), g.options())
		if err != nil {
			t.Fatal(err)
		}
		v := &viewer{Client: c, w: w}
		v.register("cat")
		var want []string
		for i := range uint64(8) { // a processor that was away publishes pane by pane
			f := w.finalEnding(time.Now().Add(-time.Duration(8-i)*pane), 0, "cat", i+1, i+1)
			want = append(want, finalEvent(0, f))
			time.Sleep(10 * time.Millisecond)
		}
		reader := w.watch(c)
		defer reader.leave()
		time.Sleep(time.Second)
		var got []string
		for _, e := range reader.got() {
			got = append(got, e.Name+" "+string(e.Args[0]))
		}
		if !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	})
}

// A client that is behind does not end with an old value.
func TestLastValueIsTheTopics(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		c, err := sockettest.Connect(context.Background(), g.options())
		if err != nil {
			t.Fatal(err)
		}
		v := &viewer{Client: c, w: w}
		v.register("cat", "dog")
		for i := range 500 {
			w.running("cat", uint64(i), uint64(i))
		}
		last := w.running("cat", 500, 500)
		time.Sleep(time.Second) // in which nobody reads
		reader := w.watch(c)
		defer reader.leave()
		events := reader.got()
		if len(events) == 0 || len(events) > 10 {
			t.Fatalf("%d events for a client that was behind, want a few", len(events))
		}
		end := events[len(events)-1]
		if got := end.Name + " " + string(end.Args[0]); got != liveEvent(last) {
			t.Errorf("last event %s, want %s", got, liveEvent(last))
		}
		if got := g.metric("counter_gateway_coalesced_total", ""); got == 0 {
			t.Error("no change was overtaken in the client's queue, want nearly all")
		}
	})
}
