package socketio_test

import (
	"encoding/json"
	"testing"

	"distributed-counter/gateway/socketio"

	"github.com/google/go-cmp/cmp"
)

// The examples of the protocol document, both ways.
func TestPacketExamples(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	cases := []struct {
		text string
		want socketio.Packet
	}{
		{`0`, socketio.Packet{Type: socketio.TypeConnect, Namespace: "/"}},
		{`0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}`, socketio.Packet{Type: socketio.TypeConnect, Namespace: "/admin",
			Data: raw(`{"sid":"oSO0OpakMV_3jnilAAAA"}`)}},
		{`4{"message":"Not authorized"}`, socketio.Packet{Type: socketio.TypeConnectError, Namespace: "/",
			Data: raw(`{"message":"Not authorized"}`)}},
		{`2["foo"]`, socketio.Packet{Type: socketio.TypeEvent, Namespace: "/", Data: raw(`["foo"]`)}},
		{`2/admin,["bar"]`, socketio.Packet{Type: socketio.TypeEvent, Namespace: "/admin", Data: raw(`["bar"]`)}},
		{`51-["baz",{"_placeholder":true,"num":0}]`, socketio.Packet{Type: socketio.TypeBinaryEvent, Namespace: "/", Attachments: 1,
			Data: raw(`["baz",{"_placeholder":true,"num":0}]`)}},
		{`52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`,
			socketio.Packet{Type: socketio.TypeBinaryEvent, Namespace: "/admin", Attachments: 2,
				Data: raw(`["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)}},
		{`212["foo"]`, socketio.Packet{Type: socketio.TypeEvent, Namespace: "/", ID: 12, HasID: true, Data: raw(`["foo"]`)}},
		{`3/admin,13["bar"]`, socketio.Packet{Type: socketio.TypeAck, Namespace: "/admin", ID: 13, HasID: true, Data: raw(`["bar"]`)}},
		{`61-15["bar",{"_placeholder":true,"num":0}]`, socketio.Packet{Type: socketio.TypeBinaryAck, Namespace: "/", Attachments: 1,
			ID: 15, HasID: true, Data: raw(`["bar",{"_placeholder":true,"num":0}]`)}},
		{`1`, socketio.Packet{Type: socketio.TypeDisconnect, Namespace: "/"}},
		{`1/admin,`, socketio.Packet{Type: socketio.TypeDisconnect, Namespace: "/admin"}},
	}
	for _, c := range cases {
		got, err := socketio.ParsePacket([]byte(c.text))
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", c.text, err, diff)
		}
		if got := string(c.want.AppendTo(nil)); got != c.text {
			t.Errorf("written as %s, want %s", got, c.text)
		}
	}
}

// FuzzPacket: whatever is parsed can be written, and read again as the same.
func FuzzPacket(f *testing.F) {
	for _, seed := range []string{`0`, `0/admin,{"a":1}`, `2["foo"]`, `212["foo"]`, `52-/admin,3["baz"]`, `61-15[]`, `1/a`, `4"x"`, `2/,[1]`, `30[]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := socketio.ParsePacket(text)
		if err != nil {
			return
		}
		written := p.AppendTo(nil)
		again, err := socketio.ParsePacket(written)
		if diff := cmp.Diff(p, again); err != nil || diff != "" {
			t.Errorf("%q written as %q: error %v (-parsed +again):\n%s", text, written, err, diff)
		}
	})
}

// What is marshalled is what JSON says, without the care for HTML that would
// make it longer.
func TestValues(t *testing.T) {
	got, err := socketio.Values(1, "<a & b>", json.RawMessage(`{"3":[true]}`), socketio.Binary{7}, nil)
	want := socketio.Payload{
		Args: []json.RawMessage{json.RawMessage("1"), json.RawMessage(`"<a & b>"`), json.RawMessage(`{"3":[true]}`),
			json.RawMessage(`{"_placeholder":true,"num":0}`), json.RawMessage("null")},
		Attachments: [][]byte{{7}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	eleven := make([]any, 11)
	for i := range eleven {
		eleven[i] = socketio.Binary{}
	}
	for name, args := range map[string][]any{"a channel": {make(chan int)}, "eleven attachments": eleven} {
		if _, err := socketio.Values(args...); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

// A message belongs to a namespace, and a namespace to a name.
func TestMisuse(t *testing.T) {
	if _, err := socketio.New(socketio.Config{Namespaces: map[string]socketio.Handler{"chat": new(app)}}); err == nil {
		t.Error("a namespace without a slash: got no error")
	}
	server, err := socketio.New(socketio.Config{Namespaces: map[string]socketio.Handler{"/": new(app)}})
	if err != nil {
		t.Fatal(err)
	}
	if server.Namespace("/other") != nil {
		t.Error("got a namespace that is not configured")
	}
	if _, err := server.Namespace("/").Prepare("event", make(chan int)); err == nil {
		t.Error("an argument that cannot be encoded: got no error")
	}
}
