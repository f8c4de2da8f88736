package engineio_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/socketio/engineio"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// "To indicate success, the server MUST return an HTTP 200 response, with the
// string ok in the response body", and "Once there are some packets to be sent,
// the server SHOULD encode them and send them in the response body".
func TestPollingMessages(t *testing.T) {
	cases := []struct{ name, payload string }{
		{"one text", "4hello"},
		{"several texts", "4test1\x1e4test2\x1e4test3"},
		{"text and bytes", "4hello\x1ebAQIDBA=="},
		{"empty message", "4"},
		{"more than ASCII", "4€ \U0001F600"},
	}
	inWorld(t, engineio.Config{}, func(w *world) {
		sid := w.poll()
		for _, c := range cases {
			if got := w.post(sid, c.payload); got.status != 200 || got.body != "ok" {
				w.Errorf("%s: post: got %d %q, want 200 ok", c.name, got.status, got.body)
			}
			if got := w.get(sid); got.status != 200 || got.body != c.payload {
				w.Errorf("%s: get: got %d %q, want 200 %q", c.name, got.status, got.body, c.payload)
			}
		}
	})
}

// "Each Engine.IO packet is sent in its own WebSocket frame", and "Binary
// payloads are sent as is, without modification."
func TestWebSocketMessages(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		c, _ := w.open()
		w.send(c, "4hello")
		if got := w.read(c); got != "4hello" {
			w.Errorf("got %q, want 4hello", got)
		}
		sent := []byte{1, 2, 0, 255}
		if err := c.Conn.WriteMessage(websocket.BinaryMessage, sent); err != nil {
			w.Fatal(err)
		}
		kind, got, err := c.Conn.ReadMessage()
		if err != nil || kind != websocket.BinaryMessage {
			w.Fatalf("got a frame of kind %d and error %v, want a binary frame", kind, err)
		}
		if diff := cmp.Diff(sent, got); diff != "" {
			w.Errorf("bytes (-want +got):\n%s", diff)
		}
	})
}

// A POST that is not well formed ends the session; none of it is acted on.
func TestUndecodablePayloads(t *testing.T) {
	cases := []struct{ name, body string }{
		{"unknown type", "abc"},
		{"type out of range", "7"},
		{"empty", ""},
		{"empty packet", "4a\x1e"},
		{"bad base64", "4a\x1eb!"},
		{"not UTF-8", "4\xff"},
		{"ping from the client", "2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, engineio.Config{}, func(w *world) {
				sid := w.poll()
				if got := w.post(sid, c.body); got.status != 400 {
					w.Errorf("post: got %d, want 400", got.status)
				}
				if got := w.get(sid); got.status != 400 {
					w.Errorf("get afterwards: got %d %q, want 400", got.status, got.body)
				}
				w.endedWith(engineio.ParseError)
			})
		})
	}
}

// The same for a WebSocket; it is told why.
func TestUndecodableFrames(t *testing.T) {
	masked := func(first byte, length byte) []byte { return []byte{first, 0x80 | length, 0, 0, 0, 0} }
	cases := []struct {
		name string
		send func(*websocket.Conn) error
		code int
		want engineio.Reason
	}{
		{"unknown type", text("abc"), websocket.CloseProtocolError, engineio.ParseError},
		{"empty", text(""), websocket.CloseProtocolError, engineio.ParseError},
		{"not UTF-8", text("4\xff"), websocket.CloseProtocolError, engineio.ParseError},
		{"ping from the client", text("2"), websocket.CloseProtocolError, engineio.ParseError},
		{"close packet", text("1"), websocket.CloseNormalClosure, engineio.TransportClose},
		{"unknown opcode", raw(masked(0x83, 0)), websocket.CloseProtocolError, engineio.ParseError},
		{"not masked", raw([]byte{0x81, 1, '3'}), websocket.CloseProtocolError, engineio.ParseError},
		{"too long", raw([]byte{0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}), websocket.CloseMessageTooBig, engineio.PayloadTooBig},
		{"continues nothing", raw(masked(0x80, 0)), websocket.CloseProtocolError, engineio.ParseError},
		{"WebSocket close", func(c *websocket.Conn) error {
			return c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Time{})
		}, websocket.CloseNormalClosure, engineio.TransportClose},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, engineio.Config{}, func(w *world) {
				client, _ := w.open()
				if err := c.send(client.Conn); err != nil {
					w.Fatal(err)
				}
				if got := w.closed(client); got != c.code {
					w.Errorf("got close code %d, want %d", got, c.code)
				}
				w.endedWith(c.want)
			})
		})
	}
}

func text(s string) func(*websocket.Conn) error {
	return func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, []byte(s)) }
}

func raw(frame []byte) func(*websocket.Conn) error {
	return func(c *websocket.Conn) error { _, err := c.NetConn().Write(frame); return err }
}

// "To ensure packet ordering, a client MUST NOT have more than one active GET
// request. Should it happen, the server MUST return an HTTP 400 error status and
// close the session."
func TestTwoGets(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		sid := w.poll()
		first := make(chan answer)
		go func() { first <- w.get(sid) }()
		synctest.Wait()
		if got := w.get(sid); got.status != 400 {
			w.Errorf("the second: got %d, want 400", got.status)
		}
		if got := <-first; got.status != 200 || got.body != "1" {
			w.Errorf("the first: got %d %q, want the packet 1", got.status, got.body)
		}
		if got := w.get(sid); got.status != 400 {
			w.Errorf("afterwards: got %d, want 400", got.status)
		}
		w.endedWith(engineio.Overlap)
	})
}

// "To ensure packet ordering, a client MUST NOT have more than one active POST
// request. Should it happen, the server MUST return an HTTP 400 error status and
// close the session."
func TestTwoPosts(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		sid := w.poll()
		body, slowly := io.Pipe()
		r, err := http.NewRequestWithContext(w.Context(), "POST", "http://server/engine.io/?"+polling+"&sid="+sid, body)
		if err != nil {
			w.Fatal(err)
		}
		first := make(chan answer)
		go func() { first <- w.do(r) }()
		slowly.Write([]byte("4first"))
		synctest.Wait()
		if got := w.post(sid, "4second"); got.status != 400 {
			w.Errorf("the second: got %d, want 400", got.status)
		}
		slowly.Close()
		<-first
		if got := w.get(sid); got.status != 200 || got.body != "1" {
			w.Errorf("the next GET: got %d %q, want the packet 1", got.status, got.body)
		}
		w.endedWith(engineio.Overlap)
	})
}

// What is more than maxPayload is refused, however it is sent or compressed.
func TestMaxPayload(t *testing.T) {
	cfg := engineio.Config{MaxPayload: 1000}
	big, fits := "4"+strings.Repeat("x", 1000), "4"+strings.Repeat("x", 999)
	inWorld(t, cfg, func(w *world) {
		sid := w.poll()
		if got := w.post(sid, fits); got.status != 200 {
			w.Errorf("1000 bytes: got %d, want 200", got.status)
		}
		if got := w.post(sid, big); got.status != 413 {
			w.Errorf("1001 bytes: got %d, want 413", got.status)
		}
		w.endedWith(engineio.PayloadTooBig)
	})
	for _, compress := range []bool{false, true} {
		inWorld(t, cfg, func(w *world) {
			dialer := websocket.Dialer{NetDialContext: w.network.DialContext, EnableCompression: compress}
			conn, _, err := dialer.DialContext(w.Context(), "ws://server/?EIO=4&transport=websocket", nil)
			if err != nil {
				w.Fatal(err)
			}
			defer conn.Close()
			conn.ReadMessage() // open
			conn.WriteMessage(websocket.TextMessage, []byte(fits))
			if _, got, err := conn.ReadMessage(); err != nil || string(got) != fits {
				w.Errorf("compress %t: got %d bytes and error %v, want the 1000 bytes back", compress, len(got), err)
			}
			go conn.WriteMessage(websocket.TextMessage, []byte(big))
			if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
				w.Errorf("compress %t: got %v, want close code 1009", compress, err)
			}
			w.endedWith(engineio.PayloadTooBig)
		})
	}
}

// permessage-deflate is offered without context takeover; only what is large
// enough is compressed.
func TestCompression(t *testing.T) {
	inWorld(t, engineio.Config{CompressFrom: 1024}, func(w *world) {
		dialer := websocket.Dialer{NetDialContext: w.network.DialContext, EnableCompression: true}
		conn, response, err := dialer.DialContext(w.Context(), "ws://server/?EIO=4&transport=websocket", nil)
		if err != nil {
			w.Fatal(err)
		}
		defer conn.Close()
		want := "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
		if got := response.Header.Get("Sec-Websocket-Extensions"); got != want {
			w.Errorf("got extensions %q, want %q", got, want)
		}
		conn.ReadMessage() // open
		before := w.server.Stats().BytesOut
		m := engineio.Prepare("", engineio.Part{Data: []byte(strings.Repeat("x", 10_000))})
		w.session(0).Send(m)
		if _, got, err := conn.ReadMessage(); err != nil || len(got) != 10_001 {
			w.Errorf("got %d bytes and error %v, want 10001", len(got), err)
		}
		if got := w.server.Stats().BytesOut - before; got > 200 {
			w.Errorf("10,000 equal letters took %d bytes on the network, want them compressed", got)
		}
	})
}
