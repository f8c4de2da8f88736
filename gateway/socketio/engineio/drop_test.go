package engineio_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"distributed-counter/gateway/socketio/engineio"
	"distributed-counter/gateway/socketio/sockettest"
)

// dropped tells a channel why its session ended.
type dropped chan engineio.Reason

func (d dropped) Receive(bool, []byte) error    { return nil }
func (d dropped) Closed(reason engineio.Reason) { d <- reason }

// Who is dropped for not reading leaves nothing behind: what the kernel held for
// it is not kept for it after the session. This needs a kernel, so the network is
// a real one.
func TestSlowClientLeavesNothing(t *testing.T) {
	sessions, ended := make(chan *engineio.Session, 1), make(dropped, 1)
	server := engineio.New(engineio.Config{MaxQueue: 1 << 20, MaxQueueBytes: 1 << 22, Open: func(s *engineio.Session) engineio.Receiver {
		s.Establish(true)
		sessions <- s
		return ended
	}})
	listening := httptest.NewServer(http.Handler(server))
	defer listening.Close()
	client, err := sockettest.Open(context.Background(), sockettest.Options{
		URL: "ws" + strings.TrimPrefix(listening.URL, "http") + "/", Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return conn, conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	session := <-sessions
	message := engineio.Prepare("", engineio.Part{Binary: true, Data: make([]byte, 1000)}) // is not compressed
	reason := engineio.Reason("")
	for reason == "" {
		session.Send(message)
		select {
		case reason = <-ended:
		default:
		}
	}
	if reason != engineio.SlowClient {
		t.Errorf("the session ended for %q, want %q", reason, engineio.SlowClient)
	}
	if _, err := io.Copy(io.Discard, client.Conn.NetConn()); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client read on and then got %v, want a reset: it was kept what it had not read", err)
	}
}
