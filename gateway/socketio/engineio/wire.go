package engineio

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// keepBytes is the size up to which a write buffer is used again.
const keepBytes = 2 * batchBytes

// wire is the connection below a WebSocket. It never writes before flush, so
// several frames leave in one system call, the library above never waits for
// the network, and a slow client holds no compressor.
type wire struct {
	net.Conn
	in, out *atomic.Uint64
	buffers *sync.Pool // of *[]byte

	mu      sync.Mutex // guards pending; not held while writing to Conn
	pending *[]byte    // written and not flushed; nil while there is nothing
}

// Read counts what comes.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.in.Add(uint64(n))
	return n, err
}

// Write keeps p for the next flush. It never fails.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending == nil {
		w.pending = w.buffers.Get().(*[]byte)
	}
	*w.pending = append(*w.pending, p...)
	return len(p), nil
}

// SetWriteDeadline does nothing: flush says how long it may take.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// flush writes what was kept. One goroutine at a time may call it.
func (w *wire) flush(timeout time.Duration) error {
	w.mu.Lock()
	pending := w.pending
	w.pending = nil
	w.mu.Unlock()
	if pending == nil {
		return nil
	}
	w.Conn.SetWriteDeadline(time.Now().Add(timeout))
	n, err := w.Conn.Write(*pending)
	w.out.Add(uint64(n))
	if cap(*pending) <= keepBytes {
		*pending = (*pending)[:0]
		w.buffers.Put(pending)
	}
	return err
}

// cut ends the connection at once.
func (w *wire) cut() { w.Conn.Close() }

// hijacker puts a wire between the WebSocket library and the connection that it
// takes from the http.Server.
type hijacker struct {
	http.ResponseWriter
	server *Server
	wire   *wire
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if c, ok := conn.(interface{ SetWriteBuffer(bytes int) error }); ok {
		c.SetWriteBuffer(sendBuffer) // bounds what a client that does not read holds in the kernel
	}
	c := &h.server.counters
	h.wire = &wire{Conn: conn, in: &c.bytesIn, out: &c.bytesOut, buffers: &h.server.writeBuffers}
	return h.wire, buffered, nil
}
