package engineio_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/socketio/engineio"

	"github.com/gorilla/websocket"
)

// A client that sends without end is dropped at the rate's bound, whatever it
// sends; one that stays below the rate is not.
func TestPacketRate(t *testing.T) {
	cfg := engineio.Config{PingInterval: time.Hour, PacketRate: 10, PacketBurst: 20, Open: func(s *engineio.Session) engineio.Receiver {
		s.Establish(true)
		return silent{}
	}}
	cases := []struct {
		name string
		send func(*websocket.Conn) error
	}{
		{"messages", text("4x")},
		{"pongs", text("3")},
		{"WebSocket pings", func(c *websocket.Conn) error {
			return c.WriteControl(websocket.PingMessage, []byte("x"), time.Time{})
		}},
		{"WebSocket pongs", func(c *websocket.Conn) error {
			return c.WriteControl(websocket.PongMessage, []byte("x"), time.Time{})
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, cfg, func(w *world) {
				client, _ := w.open()
				code := make(chan int, 1)
				go func() { code <- w.closed(client) }()
				for range 100 { // 10 seconds at the rate
					if err := c.send(client.Conn); err != nil {
						w.Fatalf("at the rate: %v", err)
					}
					time.Sleep(100 * time.Millisecond)
				}
				sent := 0
				for ; sent < 1000 && c.send(client.Conn) == nil; sent++ {
					synctest.Wait()
				}
				if sent < 20 || sent > 22 {
					w.Errorf("%d packets at once were taken, want the burst of 20", sent)
				}
				if got := <-code; got != websocket.ClosePolicyViolation {
					w.Errorf("got close code %d, want 1008", got)
				}
				if got := w.server.Stats().Closed[engineio.TooManyPackets]; got != 1 {
					w.Errorf("got %d counted, want 1", got)
				}
			})
		})
	}
}

// Whoever opens a session and says no more is gone after ConnectTimeout.
func TestHalfHandshakes(t *testing.T) {
	cfg := engineio.Config{PingInterval: time.Hour, ConnectTimeout: 5 * time.Second, MaxPending: 50,
		Open: func(*engineio.Session) engineio.Receiver { return silent{} }}
	inWorld(t, cfg, func(w *world) {
		for i := range 50 {
			if i%2 == 0 {
				w.poll()
			} else {
				c, _ := w.open()
				go w.closed(c)
			}
		}
		if got := w.request("GET", polling, ""); got.status != 503 {
			w.Errorf("one more than may wait: got %d, want 503", got.status)
		}
		time.Sleep(4 * time.Second)
		if got := w.server.Stats().Pending; got != 50 {
			w.Errorf("before the timeout: got %d waiting, want 50", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		got := w.server.Stats()
		if got.Pending != 0 || got.Sessions != 0 || got.Closed[engineio.ConnectTimeout] != 50 {
			w.Errorf("after it: got %d waiting, %d live, %d timed out, want 0, 0, 50",
				got.Pending, got.Sessions, got.Closed[engineio.ConnectTimeout])
		}
	})
}

// Messages that never end hold no more memory than all of them together may.
func TestUnfinishedMessages(t *testing.T) {
	cfg := engineio.Config{PingInterval: time.Hour, MaxReadBytes: 100_000}
	inWorld(t, cfg, func(w *world) {
		const clients = 10
		for range clients {
			c, _ := w.open()
			go w.closed(c)
			go func() {
				writer, err := c.Conn.NextWriter(websocket.TextMessage)
				if err != nil {
					return
				}
				writer.Write(bytes.Repeat([]byte("4"), 30_000)) // and never the rest
			}()
		}
		synctest.Wait()
		got := w.server.Stats()
		// 30,000 bytes are held in a buffer of 32 KiB: three fit.
		if got.Closed[engineio.Overloaded] != clients-3 || got.Sessions != 3 {
			w.Errorf("got %d dropped and %d live, want %d and 3", got.Closed[engineio.Overloaded], got.Sessions, clients-3)
		}
	})
}

// A message in frames of one byte is a message; one that trickles in without end
// is stopped by the heartbeat, since no pong fits between its frames.
func TestOneByteFrames(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		c, _ := w.open()
		frames := []byte{}
		for i, b := range []byte("4hello") {
			first := byte(0x00) // a continuation
			if i == 0 {
				first = 0x01
			}
			if i == 5 {
				first |= 0x80
			}
			frames = append(frames, first, 0x81, 0, 0, 0, 0, b)
		}
		go raw(frames)(c.Conn)
		if got := w.read(c); got != "4hello" {
			w.Errorf("got %q, want 4hello", got)
		}
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			raw([]byte{0x01, 0x81, 0, 0, 0, 0, '4'})(c.Conn)
			for raw([]byte{0x00, 0x81, 0, 0, 0, 0, 'x'})(c.Conn) == nil {
				time.Sleep(time.Millisecond)
			}
		}()
		w.closed(c)
		<-stopped
		w.endedWith(engineio.PingTimeout)
	})
}

// A message that goes on for ever in frames without a byte is cut off.
func TestFramesOfNothing(t *testing.T) {
	inWorld(t, engineio.Config{PingInterval: time.Hour, MaxPayload: 10_000}, func(w *world) {
		client, _ := w.open()
		code := make(chan int, 1)
		go func() { code <- w.closed(client) }()
		network := client.Conn.NetConn()
		begin := []byte{0x01, 0x80, 0, 0, 0, 0} // text that goes on, masked, of no bytes
		more := bytes.Repeat([]byte{0x00, 0x80, 0, 0, 0, 0}, 1000)
		sent := 0
		_, err := network.Write(begin)
		for ; err == nil && sent < 1000; sent++ {
			_, err = network.Write(more)
		}
		if sent < 10 || sent > 40 {
			t.Errorf("%d times 6,000 bytes of frames without any were taken, want some 25: eight bytes for each of a message", sent)
		}
		if got := <-code; got != websocket.CloseMessageTooBig && got != websocket.CloseAbnormalClosure {
			t.Errorf("got close code %d, want 1009", got)
		}
		w.endedWith(engineio.PayloadTooBig)
	})
}

// A body that does not come to its end does not outlive its session for long.
func TestTricklingPost(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		sid := w.poll()
		conn, err := w.network.DialContext(w.Context(), "", "")
		if err != nil {
			w.Fatal(err)
		}
		conn.Write([]byte("POST /engine.io/?" + polling + "&sid=" + sid + " HTTP/1.1\r\nHost: server\r\nContent-Length: 1000\r\n\r\n4"))
		begin := time.Now()
		answered := make([]byte, 12)
		conn.Read(answered)
		if got := string(answered); got != "HTTP/1.1 400" {
			w.Errorf("got %q, want status 400", got)
		}
		if got, want := time.Since(begin), pingInterval+pingTimeout+time.Second; got != want {
			w.Errorf("answered after %v, want %v", got, want)
		}
		conn.Close()
		w.endedWith(engineio.PingTimeout)
	})
}

// A storm of connections takes what the limit gives and no more, and a client
// that was there before notices nothing.
func TestConnectStorm(t *testing.T) {
	inWorld(t, engineio.Config{MaxSessions: 100}, func(w *world) {
		healthy, _ := w.open()
		refused := 0
		for range 500 {
			if got := w.request("GET", polling, ""); got.status == 503 {
				refused++
			}
		}
		if refused != 401 {
			w.Errorf("got %d refused, want 401", refused)
		}
		w.send(healthy, "4hello")
		if got := w.read(healthy); got != "4hello" {
			w.Errorf("got %q, want 4hello", got)
		}
		if got := w.server.Stats().Refused["Too many connections"]; got != 401 {
			w.Errorf("got %d counted, want 401", got)
		}
	})
}

// FuzzHandshake: no request makes the server panic, and each gets an answer that
// the protocol knows.
func FuzzHandshake(f *testing.F) {
	for _, query := range []string{polling, polling + "&sid=x", "EIO=4&transport=websocket", "EIO=3", "sid=%zz", ""} {
		f.Add("GET", query, "http://server", "13", "4hello")
		f.Add("POST", query, "", "", "b!")
	}
	f.Fuzz(func(t *testing.T, method, query, origin, version, body string) {
		server := engineio.New(engineio.Config{Open: func(*engineio.Session) engineio.Receiver { return silent{} }})
		defer server.Close(t.Context())
		r := httptest.NewRequest("GET", "http://server/engine.io/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: "/engine.io/", RawQuery: query}
		r.Header = http.Header{"Origin": {origin}, "Connection": {"Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Version": {version}, "Sec-Websocket-Key": {body}}
		if version == "" {
			r.Header = http.Header{"Origin": {origin}}
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		switch w.Code {
		case 200, 204, 400, 403:
		default:
			t.Errorf("%s %q: got %d %s", method, query, w.Code, w.Body)
		}
	})
}
