package engineio_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"distributed-counter/gateway/socketio/engineio"
)

// The kernel gives a closed connection's descriptor to the next: a wire that is
// closed writes nothing, whoever has it now.
func TestClosedWireHasNoDescriptor(t *testing.T) {
	for name, end := range map[string]func(w *engineio.Wire){
		"closed": func(w *engineio.Wire) { w.Close() },
		"cut":    (*engineio.Wire).Cut,
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			server, client := pair(t, listener)
			defer client.Close()
			w := engineio.NewWire(server)
			fd := w.Descriptor()
			if fd < 0 || w.Try([]byte("own")) != 3 {
				t.Fatalf("descriptor %d takes nothing while it is open", fd)
			}
			end(w)
			for range 100 { // until one has the descriptor
				server, client := pair(t, listener)
				defer server.Close()
				defer client.Close()
				if engineio.NewWire(server).Descriptor() == fd || engineio.NewWire(client).Descriptor() == fd {
					if n := w.Try([]byte("another's")); n != 0 {
						t.Errorf("%d bytes went to another's connection", n)
					}
					return
				}
			}
			t.Fatalf("nobody was given descriptor %d", fd)
		})
	}
}

// pair is both ends of a connection.
func pair(t *testing.T, listener net.Listener) (server, client net.Conn) {
	t.Helper()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return server, client
}

// No client is ever sent what was meant for one before it, while sessions end
// on either side and are sent more all the time.
func TestNobodyGetsWhatIsAnothers(t *testing.T) {
	const clients, lives, messages = 8, 60, 20
	var sending sync.WaitGroup
	server := engineio.New(engineio.Config{
		Open: func(s *engineio.Session) engineio.Receiver {
			s.Establish(true)
			own := engineio.Prepare("own", engineio.Part{Data: []byte(s.ID())})
			ended := make(ending)
			sending.Go(func() {
				for after := 0; after < 200; { // so many sends too late
					s.Send(own)
					time.Sleep(50 * time.Microsecond)
					select {
					case <-ended:
						after++
					default:
					}
				}
			})
			return ended
		},
	})
	url := serveTCP(t, server)
	var living sync.WaitGroup
	for range clients {
		living.Go(func() {
			for life := range lives {
				if err := live(url, messages, life%2 == 0); err != "" {
					t.Error(err)
					return
				}
			}
		})
	}
	living.Wait()
	sending.Wait()
}

// ending is an application that tells when its session has ended.
type ending chan struct{}

func (ending) Receive(bool, []byte) error { return nil }
func (e ending) Closed(engineio.Reason)   { close(e) }

// live is a client that reads some messages, says goodbye or not, and tells what
// was wrong.
func live(url string, messages int, goodbye bool) (wrong string) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	_, open, err := conn.ReadMessage()
	if err != nil || len(open) == 0 || open[0] != '0' {
		return fmt.Sprintf("got %q and error %v, want the open packet", open, err)
	}
	_, own, _ := strings.Cut(string(open), `"sid":"`)
	own, _, _ = strings.Cut(own, `"`)
	for range messages {
		_, got, err := conn.ReadMessage()
		if err != nil {
			return err.Error()
		}
		if string(got) != "4"+own {
			return "client " + own + " was sent " + string(got)
		}
	}
	if goodbye {
		_ = conn.WriteMessage(websocket.TextMessage, []byte{byte(engineio.TypeClose)})
	}
	return ""
}
