package socketio_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"distributed-counter/gateway/socketio"
	"distributed-counter/gateway/socketio/engineio"
)

// idleBytes is what an idle client may cost, the test's end of its connection
// included.
const idleBytes = 20 << 10

// roomy lets clients into the room "all".
type roomy struct{}

func (roomy) Connect(s *socketio.Socket, _ json.RawMessage) error {
	s.SetRooms([]string{"all"})
	return nil
}
func (roomy) Event(*socketio.Socket, socketio.Event)       {}
func (roomy) Disconnect(*socketio.Socket, engineio.Reason) {}

// serve serves on a real network until the test ends.
func serve(tb testing.TB) (*socketio.Server, string) {
	tb.Helper()
	server, err := socketio.New(socketio.Config{
		Engine:     engineio.Config{PingInterval: time.Hour},
		Namespaces: map[string]socketio.Handler{"/": roomy{}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	serving := &http.Server{Handler: server}
	go serving.Serve(listener)
	tb.Cleanup(func() {
		serving.Close()
		if err := server.Close(tb.Context()); err != nil && tb.Context().Err() == nil {
			tb.Errorf("close: %v", err)
		}
	})
	return server, listener.Addr().String()
}

// enterRaw connects a client that is a connection and nothing else, and reads
// until it has been let in.
func enterRaw(tb testing.TB, addr string) net.Conn {
	tb.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	const hello = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: server\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
	if _, err := io.WriteString(conn, hello); err != nil {
		tb.Fatal(err)
	}
	r := bufio.NewReaderSize(conn, 512)
	for line := ""; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			tb.Fatal(err)
		}
	}
	if got := readFrame(tb, r); !strings.HasPrefix(got, "0{") {
		tb.Fatalf("got %q, want the handshake", got)
	}
	if _, err := conn.Write([]byte{0x81, 0x82, 0, 0, 0, 0, '4', '0'}); err != nil {
		tb.Fatal(err)
	}
	if got := readFrame(tb, r); !strings.HasPrefix(got, "40{") {
		tb.Fatalf("got %q, want to be let in", got)
	}
	return conn
}

// readFrame reads a short frame.
func readFrame(tb testing.TB, r *bufio.Reader) string {
	tb.Helper()
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		tb.Fatal(err)
	}
	length := int(head[1])
	if length == 126 {
		var long [2]byte
		io.ReadFull(r, long[:])
		length = int(long[0])<<8 | int(long[1])
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(r, data); err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// inUse is the memory of heap and stacks after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools kept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// An idle client costs little, also when it has been sent something.
func TestIdleClientsAreSmall(t *testing.T) {
	const clients = 500
	server, addr := serve(t)
	before := inUse()
	conns := make([]net.Conn, clients)
	for i := range conns {
		conns[i] = enterRaw(t, addr)
	}
	m, err := server.Namespace("/").Prepare("news", strings.Repeat("text ", 1000))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		server.Namespace("/").Send("all", m)
	}
	for deadline := time.Now().Add(10 * time.Second); server.Stats().PacketsOut < 5*clients; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got %d packets sent, want %d", server.Stats().PacketsOut, 5*clients)
		}
	}
	got := (inUse() - before) / clients
	t.Logf("%d bytes per idle client", got)
	if got > idleBytes {
		t.Errorf("got %d bytes per idle client, want at most %d", got, idleBytes)
	}
	runtime.KeepAlive(conns)
}

// BenchmarkFanOut sends one message to a thousand clients, who read.
func BenchmarkFanOut(b *testing.B) {
	const clients = 1000
	server, addr := serve(b)
	for range clients {
		conn := enterRaw(b, addr)
		go io.Copy(io.Discard, conn)
	}
	n := server.Namespace("/")
	payload := map[string]any{"id": "93f98662-8907-4f43-bb4c-280501481046", "count": 12, "window": strings.Repeat("x", 250)}
	base := server.Stats().PacketsOut
	for i := 0; b.Loop(); i++ {
		m, err := n.PrepareLatest(strings.Repeat("k", 36), "live_counts", payload)
		if err != nil {
			b.Fatal(err)
		}
		n.Send("all", m)
		if i%100 == 99 { // bounded: clients must keep up
			for s := server.Stats(); s.PacketsOut+s.Coalesced-base < uint64(i+1)*clients; s = server.Stats() {
				runtime.Gosched()
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/clients, "ns/client")
	s := server.Stats()
	b.ReportMetric(float64(s.Coalesced)/float64(b.N)/clients, "coalesced")
}
