package engineio_test

import (
	"bytes"
	"testing"

	"distributed-counter/gateway/socketio/engineio"

	"github.com/google/go-cmp/cmp"
)

func TestParsePayload(t *testing.T) {
	cases := []struct {
		name, body string
		want       []engineio.Packet
		fails      bool
	}{
		// The examples of the protocol document.
		{"texts and a ping", "4hello\x1e2\x1e4world", []engineio.Packet{
			{Type: engineio.TypeMessage, Data: []byte("hello")},
			{Type: engineio.TypePing, Data: []byte{}},
			{Type: engineio.TypeMessage, Data: []byte("world")},
		}, false},
		{"text and bytes", "4hello\x1ebAQIDBA==", []engineio.Packet{
			{Type: engineio.TypeMessage, Data: []byte("hello")},
			{Type: engineio.TypeMessage, Binary: true, Data: []byte{1, 2, 3, 4}},
		}, false},
		// What is not well formed.
		{"nothing", "", nil, true},
		{"separator alone", "\x1e", nil, true},
		{"separator at the end", "4a\x1e", nil, true},
		{"type 7", "7", nil, true},
		{"base64 cut short", "bAQI", []engineio.Packet{{Type: engineio.TypeMessage, Binary: true, Data: []byte{1, 2}}}, true},
	}
	for _, c := range cases {
		got, err := engineio.ParsePayload([]byte(c.body))
		if c.fails {
			if err == nil {
				t.Errorf("%s: got %v, want an error", c.name, got)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", c.name, err, diff)
		}
	}
}

// FuzzPayload: whatever is parsed can be written, and read again as the same.
// Text is written byte for byte.
func FuzzPayload(f *testing.F) {
	for _, seed := range []string{"4hello\x1e2\x1e4world", "4hello\x1ebAQIDBA==", "0{}", "bAA==", "\x1e", "4\xff", "b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := engineio.ParsePayload(body)
		if err != nil {
			return
		}
		var written []byte
		for _, p := range packets {
			written = engineio.AppendPayload(written, p)
		}
		again, err := engineio.ParsePayload(written)
		if diff := cmp.Diff(packets, again); err != nil || diff != "" {
			t.Errorf("%q written as %q: error %v (-parsed +again):\n%s", body, written, err, diff)
		}
		if !bytes.ContainsRune(body, 'b') && !bytes.Equal(body, written) {
			t.Errorf("%q written as %q, want the same bytes", body, written)
		}
	})
}
