package engineio_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"distributed-counter/gateway/socketio/engineio"
)

// What a client is sent over TCP comes whole and in order, whether the kernel
// takes all of a frame, a part of it or nothing, and however large it is.
func TestOrderOverTCP(t *testing.T) {
	const messages = 2_000
	opened := make(chan *engineio.Session, 1)
	server := engineio.New(engineio.Config{
		MaxQueue: messages, MaxQueueBytes: 1 << 30, WriteTimeout: time.Minute, CompressFrom: 1 << 20,
		Open: func(s *engineio.Session) engineio.Receiver {
			s.Establish(true)
			opened <- s
			return quiet{}
		},
	})
	conn, _, err := websocket.DefaultDialer.Dial(serveTCP(t, server), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	session := <-opened
	go func() {
		for i := range messages {
			session.Send(engineio.Prepare("", engineio.Part{Binary: i%7 == 0, Data: []byte(numbered(i))}))
			if i == messages/2 {
				time.Sleep(100 * time.Millisecond) // the client catches up, or not
			}
		}
	}()
	if _, open, err := conn.ReadMessage(); err != nil || open[0] != '0' {
		t.Fatalf("got %q and error %v, want the open packet", open, err)
	}
	time.Sleep(50 * time.Millisecond) // until the kernel takes no more
	for i := range messages {
		kind, got, err := conn.ReadMessage()
		want := numbered(i)
		if i%7 != 0 {
			want = "4" + want
		}
		if err != nil || string(got) != want || (kind == websocket.BinaryMessage) != (i%7 == 0) {
			t.Fatalf("message %d: got %.20q… of %d bytes, kind %d and error %v, want %.20q… of %d", i, got, len(got), kind, err, want, len(want))
		}
	}
}

// serveTCP serves on a port of its own until the test ends, and returns where a
// WebSocket finds it.
func serveTCP(t *testing.T, server http.Handler) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving := &http.Server{Handler: server}
	go serving.Serve(listener)
	t.Cleanup(func() { serving.Close() })
	return "ws://" + listener.Addr().String() + "/?EIO=4&transport=websocket"
}

// quiet is an application that has nothing to say.
type quiet struct{}

func (quiet) Receive(bool, []byte) error { return nil }
func (quiet) Closed(engineio.Reason)     {}

// numbered is a text of its own for each i, of up to 1,500 bytes and a few much
// longer ones.
func numbered(i int) string {
	size := i * 37 % 1500
	if i%100 == 0 {
		size = 150_000
	}
	return fmt.Sprintf("%d ", i) + strings.Repeat("x", size)
}
