package engineio_test

import (
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/socketio/engineio"

	"github.com/gorilla/websocket"
)

// "At a given interval (the pingInterval value sent in the handshake) the server
// sends a ping packet and the client has a few seconds (the pingTimeout value)
// to send a pong packet back."
func TestHeartbeat(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		begin := time.Now()
		sid := w.poll()
		c, _ := w.open()
		for i := 1; i <= 3; i++ {
			if got := w.get(sid); got.body != "2" {
				w.Errorf("ping %d over polling: got %q, want 2", i, got.body)
			}
			if got := w.read(c); got != "2" {
				w.Errorf("ping %d over WebSocket: got %q, want 2", i, got)
			}
			if got, want := time.Since(begin), time.Duration(i)*pingInterval; got != want {
				w.Errorf("ping %d came after %v, want %v", i, got, want)
			}
			w.post(sid, "3")
			w.send(c, "3")
			synctest.Wait()
		}
		w.endedWith()
	})
}

// "If the server does not receive a pong packet back, then it SHOULD consider
// that the connection is closed."
func TestPingTimeout(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		begin := time.Now()
		sid := w.poll()
		c, _ := w.open()
		if got := w.closed(c); got != websocket.ClosePolicyViolation {
			w.Errorf("got close code %d, want 1008", got)
		}
		if got, want := time.Since(begin), pingInterval+pingTimeout; got != want {
			w.Errorf("closed after %v, want %v", got, want)
		}
		if got := w.get(sid); got.status != 400 {
			w.Errorf("get after the timeout: got %d %q, want 400", got.status, got.body)
		}
		w.endedWith(engineio.PingTimeout, engineio.PingTimeout)
	})
}

// The close packet is "used to indicate that a transport can be closed". A GET
// that is pending, or comes in the same moment, ends with a noop.
func TestCloseWhilePolling(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		for _, pending := range []bool{true, false} {
			sid := w.poll()
			first := make(chan answer, 1)
			if pending {
				go func() { first <- w.get(sid) }()
				synctest.Wait()
			}
			if got := w.post(sid, "1"); got.status != 200 {
				w.Errorf("pending %t: post: got %d, want 200", pending, got.status)
			}
			if !pending {
				first <- w.get(sid)
			}
			if got := <-first; got.status != 200 || got.body != "6" {
				w.Errorf("pending %t: got %d %q, want the packet 6", pending, got.status, got.body)
			}
			if got := w.get(sid); got.status != 400 {
				w.Errorf("pending %t: afterwards: got %d, want 400", pending, got.status)
			}
		}
		w.endedWith(engineio.TransportClose, engineio.TransportClose)
	})
}

// "The server MUST: send a noop packet to any pending GET request (if applicable)
// to cleanly close HTTP long-polling transport; respond with a pong packet with
// the string probe in the payload." "Finally, the client MUST send a upgrade
// packet to complete the upgrade."
func TestUpgrade(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		sid := w.poll()
		pending := make(chan answer)
		go func() { pending <- w.get(sid) }()
		synctest.Wait()

		c := w.socket(sid)
		w.send(c, "2probe")
		if got := w.read(c); got != "3probe" {
			w.Errorf("got %q, want 3probe", got)
		}
		if got := <-pending; got.body != "6" {
			w.Errorf("the pending GET: got %q, want 6", got.body)
		}
		if got := w.get(sid); got.body != "6" {
			w.Errorf("a GET before the upgrade packet: got %q, want 6", got.body)
		}
		w.session(0).Send(engineio.NewMessage("", engineio.Part{Data: []byte("queued meanwhile")}))
		w.send(c, "5", "4hello")
		for _, want := range []string{"4queued meanwhile", "4hello", "2"} {
			if got := w.read(c); got != want {
				w.Errorf("after the upgrade: got %q, want %q", got, want)
			}
		}
		// The suite: "ignores HTTP requests with same sid after upgrade".
		if got := w.get(sid); got.status != 400 {
			w.Errorf("a GET after the upgrade: got %d, want 400", got.status)
		}
		if got := w.post(sid, "4x"); got.status != 400 {
			w.Errorf("a POST after the upgrade: got %d, want 400", got.status)
		}
		w.send(c, "3", "4still here")
		if got := w.read(c); got != "4still here" {
			w.Errorf("got %q, want the session undisturbed", got)
		}
		w.endedWith()
	})
}

// "A client MUST NOT open more than one WebSocket connection per session. Should
// it happen, the server MUST close the WebSocket connection."
func TestTwoWebSockets(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		sid := w.poll()
		c := w.socket(sid)
		w.closed(w.socket(sid)) // while the first is probing
		w.send(c, "2probe")
		w.read(c)
		w.send(c, "5")
		w.closed(w.socket(sid)) // and when it has upgraded
		w.send(c, "4hello")
		if got := w.read(c); got != "4hello" {
			w.Errorf("got %q, want 4hello on the first", got)
		}
		w.endedWith()
	})
}

// A probe that fails costs the session nothing: it goes on polling, and may try
// again.
func TestFailedProbe(t *testing.T) {
	cases := []struct {
		name string
		send []string // then the client waits
	}{
		{"says nothing", nil},
		{"says something else", []string{"4hello"}},
		{"other word", []string{"2hello"}},
		{"no upgrade packet", []string{"2probe"}},
		{"something else than the upgrade packet", []string{"2probe", "4hello"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg := engineio.Config{PingInterval: time.Hour, UpgradeTimeout: time.Second}
			inWorld(t, cfg, func(w *world) {
				sid := w.poll()
				failing := w.socket(sid)
				go w.closed(failing)
				w.send(failing, c.send...)
				time.Sleep(2 * time.Second)
				w.post(sid, "4hello")
				if got := w.get(sid); got.body != "4hello" {
					w.Errorf("got %d %q, want the session still polling", got.status, got.body)
				}
				again := w.socket(sid)
				w.send(again, "2probe")
				if got := w.read(again); got != "3probe" {
					w.Errorf("second attempt: got %q, want 3probe", got)
				}
				w.send(again, "5", "4hello")
				if got := w.read(again); got != "4hello" {
					w.Errorf("second attempt: got %q, want 4hello", got)
				}
			})
		})
	}
}

// A client that goes away while its GET is pending has gone.
func TestAbandonedGet(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		sid := w.poll()
		conn, err := w.network.DialContext(w.Context(), "", "")
		if err != nil {
			w.Fatal(err)
		}
		conn.Write([]byte("GET /engine.io/?" + polling + "&sid=" + sid + " HTTP/1.1\r\nHost: server\r\n\r\n"))
		synctest.Wait()
		conn.Close()
		w.endedWith(engineio.TransportClose)
	})
}

// A server that closes tells everybody, and takes nobody new.
func TestServerClose(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		sid := w.poll()
		c, _ := w.open()
		probing := w.socket(w.poll())
		pending := make(chan answer)
		go func() { pending <- w.get(sid) }()
		code := make(chan int)
		go func() { code <- w.closed(c) }()
		synctest.Wait()
		if err := w.server.Close(w.Context()); err != nil {
			w.Errorf("close: %v", err)
		}
		if got := <-pending; got.body != "1" {
			w.Errorf("the pending GET: got %q, want the packet 1", got.body)
		}
		if got := <-code; got != websocket.CloseGoingAway {
			w.Errorf("got close code %d, want 1001", got)
		}
		w.closed(probing)
		if got := w.request("GET", polling, ""); got.status != 503 {
			w.Errorf("a new session: got %d, want 503", got.status)
		}
		w.endedWith(engineio.ServerShutdown, engineio.ServerShutdown, engineio.ServerShutdown)
	})
}
