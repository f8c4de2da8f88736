package socketio_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/socketio"
	"distributed-counter/gateway/socketio/engineio"
	"distributed-counter/gateway/socketio/sockettest"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// "The server MUST respond with either: a CONNECT packet if the connection is
// successful, with the session ID in the payload; or a CONNECT_ERROR packet if
// the connection is not allowed."
func TestConnect(t *testing.T) {
	cases := []struct {
		name, send string
		want       string // or what the answer begins with, before the socket's ID
		told       []string
	}{
		{"main namespace", "40", `40{"sid":"`, []string{"connect / "}},
		{"with a payload", `40{"token":"123"}`, `40{"sid":"`, []string{`connect / {"token":"123"}`}},
		{"custom namespace", "40/custom,", `40/custom,{"sid":"`, []string{"connect /custom "}},
		{"without comma", "40/custom", `40/custom,{"sid":"`, []string{"connect /custom "}},
		{"custom namespace, with a payload", `40/custom,{"token":"abc"}`, `40/custom,{"sid":"`, []string{`connect /custom {"token":"abc"}`}},
		{"unknown namespace", "40/random", `44/random,{"message":"Invalid namespace"}`, nil},
		{"refused", `40{"token":"wrong"}`, `44{"message":"Not authorized","data":{"tries":2}}`, []string{`connect / {"token":"wrong"}`}},
		{"refused without data", `40{"token":"odd"}`, `44{"message":"odd token"}`, []string{`connect / {"token":"odd"}`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, engineio.Config{}, func(w *world) {
				client := w.open()
				w.send(client, c.send)
				got, err := client.ReadText()
				if err != nil {
					w.Fatal(err)
				}
				if !strings.HasPrefix(got, c.want) || strings.HasSuffix(c.want, "}") && got != c.want {
					w.Errorf("got %s, want %s", got, c.want)
				}
				w.noted(c.told...)
			})
		})
	}
}

// What the application sends before it has let the client in arrives after the
// confirmation, and not at all where it refuses.
func TestEmitWithinConnect(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		w.app.connect = func(s *socketio.Socket, auth json.RawMessage) error {
			s.Join("room")
			m, err := w.main.Prepare("to the room")
			if err != nil {
				return err
			}
			w.main.Send("room", m)
			s.Emit("auth", auth)
			if auth != nil {
				return errors.New("no")
			}
			return nil
		}
		client := w.open()
		w.send(client, `40{"a":1}`)
		w.read(client, `44{"message":"no"}`)
		if got := w.main.Size("room"); got != 0 {
			w.Errorf("the room of a refused socket has %d members, want 0", got)
		}
		w.send(client, "40")
		if got, _ := client.ReadText(); !strings.HasPrefix(got, "40{") {
			w.Errorf("got %s, want the confirmation first", got)
		}
		w.read(client, `42["to the room"]`, `42["auth",null]`)
	})
}

// "If the server does not receive a CONNECT packet first, then it MUST close the
// connection immediately", and what cannot be decoded closes it too.
func TestUndecodablePackets(t *testing.T) {
	cases := []struct {
		name    string
		entered bool
		send    string
	}{
		{"event before CONNECT", false, `42["message"]`},
		{"event for another namespace", true, `42/custom,["message"]`},
		{"disconnect before CONNECT", false, "41"},
		{"CONNECT twice", true, "40"},
		{"CONNECT_ERROR from a client", true, `44{"message":"x"}`},
		{"no packet type", false, "4"},
		{"unknown packet type", true, "4abc"},
		{"type 7", true, "47"},
		{"payload is no array", true, "42{}"},
		{"payload is missing", true, "42"},
		{"payload is empty", true, "42[]"},
		{"payload is no JSON", true, `42["message"`},
		{"more after the payload", true, `42["message"]x`},
		{"event name is an object", true, `42[{}]`},
		{"event name is null", true, `42[null]`},
		{"event name is reserved", true, `42["disconnect"]`},
		{"bad ack id", true, `42abc["message-with-ack"]`},
		{"ack id too great", true, `4299999999999999999999["message-with-ack"]`},
		{"ack without id", true, `43["x"]`},
		{"ack is no array", true, `430{}`},
		{"CONNECT with an array", false, "40[]"},
		{"disconnect with a payload", true, "41{}"},
		{"too many attachments", true, `4511-["message"]`},
		{"negative attachments", true, `45-1-["message"]`},
		{"no number of attachments", true, `45["message"]`},
		{"placeholder without attachment", true, `450-["message",{"_placeholder":true,"num":0}]`},
		{"text for an attachment", true, `451-["message",{"_placeholder":true,"num":0}]` + "|" + `42["message"]`},
		{"placeholder out of range", true, `451-["message",{"_placeholder":true,"num":1}]` + "|bytes"},
		{"placeholder below zero", true, `451-["message",[{"_placeholder":true,"num":-1}]]` + "|bytes"},
		{"placeholder of no number", true, `451-["message",{"a":{"_placeholder":true,"num":"0"}}]` + "|bytes"},
		{"bytes that nobody announced", true, "bytes"},
		{"namespace too long", false, "40/" + strings.Repeat("x", 300)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, engineio.Config{}, func(w *world) {
				client := w.open()
				if c.entered {
					client = w.enter()
				}
				for packet := range strings.SplitSeq(c.send, "|") {
					if packet == "bytes" {
						client.Conn.WriteMessage(websocket.BinaryMessage, []byte{1})
						continue
					}
					w.send(client, packet)
				}
				w.closed(client, websocket.CloseProtocolError)
				if c.entered {
					w.noted("connect / ", "disconnect / parse error")
				} else {
					w.noted()
				}
			})
		})
	}
}

// The payload of an event is the application's business: what it does not know
// or expect disturbs nothing.
func TestUnknownEvents(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		client := w.enter()
		w.send(client, `42["nobody knows this"]`, `42["message-back",{"rooms":7}]`, `42[7,"a number for a name"]`,
			`42["message",null]`)
		w.read(client, `42["message-back",null]`)
		w.noted("connect / ", "event / nobody knows this", "event / message-back", "event / 7", "event / message")
	})
}

// "The low-level connection MAY be kept alive if the client is connected to
// another namespace."
func TestDisconnect(t *testing.T) {
	inWorld(t, engineio.Config{ConnectTimeout: 10 * time.Second}, func(w *world) {
		client := w.enter()
		w.send(client, "40/custom,")
		client.ReadText()
		w.send(client, "41/custom,")
		w.send(client, `42["message","to the main namespace"]`)
		w.read(client, `42["message-back","to the main namespace"]`)
		w.noted("connect / ", "connect /custom ", "disconnect /custom client namespace disconnect", "event / message")

		// An event that was under way when the client left is not an error.
		w.send(client, `42/custom,["message"]`, "40/custom,")
		if got, _ := client.ReadText(); !strings.HasPrefix(got, "40/custom,{") {
			w.Errorf("got %s, want to be let in again", got)
		}
		w.noted("connect /custom ")

		// A connection in no namespace is a half handshake.
		w.send(client, "41/custom,", "41")
		begin := time.Now()
		w.closed(client, websocket.ClosePolicyViolation)
		if got := time.Since(begin); got != 10*time.Second {
			w.Errorf("closed after %v, want 10 s", got)
		}
		w.noted("disconnect /custom client namespace disconnect", "disconnect / client namespace disconnect")
	})
}

// At any time, one side can end the connection to a namespace by sending a
// DISCONNECT packet: here the server, even from within an event.
func TestServerDisconnects(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		w.app.event = func(s *socketio.Socket, e socketio.Event) {
			if e.Name == "close" {
				s.Close()
				return
			}
			s.Emit("bye")
			s.Disconnect()
			s.Disconnect()
		}
		client := w.enter()
		w.send(client, `42["leave"]`)
		w.read(client, `42["bye"]`, "41")
		w.noted("connect / ", "event / leave", "disconnect / server namespace disconnect")
		if err := w.socket(0).Emit("too late"); err != nil {
			w.Errorf("emit to a socket that has left: got %v, want nil", err)
		}
		w.socket(0).Join("room")
		if got := w.main.Size("room"); got != 0 {
			w.Errorf("a socket that has left entered a room of %d, want 0", got)
		}
		w.send(client, "40")
		client.ReadText()
		w.send(client, `42["close"]`)
		w.closed(client, websocket.CloseNormalClosure)
		w.noted("connect / ", "event / close", "disconnect / forced close")
	})
}

// "The receiver MUST respond with an ACK packet with the same event ID. The
// payload is mandatory and MUST be an array (possibly empty)."
func TestAcks(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		w.app.event = func(_ *socketio.Socket, e socketio.Event) {
			switch e.Name {
			case "later":
				time.AfterFunc(time.Minute, func() { e.Ack("at last") })
			case "twice":
				e.Ack(e.WantsAck())
				e.Ack("again")
			default:
				e.Ack()
			}
		}
		client := w.enter()
		w.send(client, `4212["foo"]`, `42["not asked for"]`, `420["twice"]`, `427["later"]`, `4218446744073709551615["foo"]`)
		w.read(client, "4312[]", "430[true]", "4318446744073709551615[]", `437["at last"]`)
	})
}

// The server may ask as well; answers that nobody asked for mean nothing.
func TestAcksFromTheClient(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		client := w.enter()
		socket := w.socket(0)
		answers := make(chan socketio.Payload, 2)
		for range 2 {
			if err := socket.EmitAck(func(p socketio.Payload) { answers <- p }, "question", 42); err != nil {
				w.Fatal(err)
			}
		}
		w.read(client, `420["question",42]`, `421["question",42]`)
		w.send(client, `431["one"]`, `431["one again"]`, `4399["nobody asked"]`)
		w.send(client, `461-0[{"_placeholder":true,"num":0}]`)
		client.Conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2})
		if got := string((<-answers).Args[0]); got != `"one"` {
			w.Errorf("got answer %s, want one", got)
		}
		if got, ok := (<-answers).Binary(0); !ok || len(got) != 2 {
			w.Errorf("got answer %v, want two bytes", got)
		}
		go func() { // the questions below
			for {
				if _, err := client.ReadText(); err != nil {
					return
				}
			}
		}()
		var err error
		for i := 0; err == nil && i < 1000; i++ {
			err = socket.EmitAck(func(socketio.Payload) {}, "question")
			synctest.Wait()
		}
		if !errors.Is(err, socketio.ErrTooManyAcks) {
			w.Errorf("a thousand unanswered questions: got %v, want ErrTooManyAcks", err)
		}
	})
}

// "51-["baz",{"_placeholder":true,"num":0}] + <Buffer <01 02 03 04>>", and what
// the suite sends.
func TestAttachments(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		client := w.enter()
		both := `{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}`
		for _, c := range []struct{ send, want string }{
			{`452-["message",` + both + `]`, `452-["message-back",` + both + `]`},
			{`452-789["message-with-ack",` + both + `]`, `462-789[` + both + `]`},
		} {
			w.send(client, c.send)
			client.Conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3})
			client.Conn.WriteMessage(websocket.BinaryMessage, []byte{4, 5, 6})
			w.read(client, c.want, "\x01\x02\x03", "\x04\x05\x06")
		}
		if err := w.socket(0).Emit("baz", socketio.Binary{1, 2, 3, 4}, "text"); err != nil {
			w.Fatal(err)
		}
		w.read(client, `451-["baz",{"_placeholder":true,"num":0},"text"]`, "\x01\x02\x03\x04")
		inside := map[string]any{"inside": socketio.Binary{1}}
		if err := w.socket(0).Emit("baz", inside); err == nil {
			w.Errorf("a Binary inside a map: got no error")
		}
	})
}

// The attachments of a packet together are bounded like one message, so that a
// packet that never becomes whole holds no more memory than one that does.
func TestAttachmentsAreBounded(t *testing.T) {
	inWorld(t, engineio.Config{MaxPayload: 1000}, func(w *world) {
		client := w.enter()
		for range 2 { // the sum begins anew with each packet
			w.send(client, `452-["message",1]`)
			client.Conn.WriteMessage(websocket.BinaryMessage, make([]byte, 500))
			client.Conn.WriteMessage(websocket.BinaryMessage, make([]byte, 500))
			w.read(client, `452-["message-back",1]`, string(make([]byte, 500)), string(make([]byte, 500)))
		}
		w.send(client, `452-["message",1]`)
		client.Conn.WriteMessage(websocket.BinaryMessage, make([]byte, 500))
		client.Conn.WriteMessage(websocket.BinaryMessage, make([]byte, 501))
		w.closed(client, websocket.CloseProtocolError)
	})
}

// A session without CONNECT ends after ConnectTimeout.
func TestConnectTimeout(t *testing.T) {
	inWorld(t, engineio.Config{ConnectTimeout: time.Second}, func(w *world) {
		silent, refused := w.open(), w.open()
		w.send(refused, "40/random,")
		refused.ReadText()
		healthy := w.enter()
		w.closed(silent, websocket.ClosePolicyViolation)
		w.closed(refused, websocket.ClosePolicyViolation)
		w.send(healthy, `42["message"]`)
		w.read(healthy, `42["message-back"]`)
	})
}

// The client of package sockettest sees what the application says.
func TestClient(t *testing.T) {
	inWorld(t, engineio.Config{PingInterval: time.Second}, func(w *world) {
		o := w.options()
		o.Auth = map[string]string{"token": "wrong"}
		_, err := sockettest.Connect(w.Context(), o)
		var refused *sockettest.RefusedError
		if !errors.As(err, &refused) || refused.Message != "Not authorized" || string(refused.Data) != `{"tries":2}` {
			w.Errorf("got %v, want to be refused", err)
		}
		client := w.enter()
		if client.ID != w.socket(1).ID() {
			w.Errorf("got ID %q, want %q", client.ID, w.socket(1).ID())
		}
		time.AfterFunc(time.Minute, func() { w.socket(1).Emit("minute", 1, "x") })
		got, err := client.Next() // and answers 59 pings
		want := sockettest.Event{Name: "minute", Args: []json.RawMessage{json.RawMessage("1"), json.RawMessage(`"x"`)}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			w.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	})
}
