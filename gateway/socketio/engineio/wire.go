package engineio

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// keepBytes is the size up to which a write buffer is used again.
const keepBytes = 2 * batchBytes

// wire is the connection below a WebSocket. It writes with flush, so several
// frames leave in one system call, the library above never waits for the
// network, and a slow client holds no compressor; or with try, a single frame as
// far as the kernel takes it at once.
//
// What try needs comes first: to tell ten thousand clients of a like is mostly
// to wait for their memory.
type wire struct {
	mu      sync.Mutex // guards fd and pending; held while writing to fd, which does not wait; not while writing to Conn
	fd      int        // what try writes to; none where it is closed, or has no descriptor
	pending *[]byte    // written and not flushed; nil while there is nothing
	in, out *atomic.Uint64

	net.Conn
	buffers *sync.Pool // of *[]byte
	message int64      // bytes read since the last message; of the reader alone
	most    int64      // what message may grow to
}

// none is no descriptor.
const none = -1

// frameCost is how many bytes on the network a byte of a message may take: a
// frame of one byte takes seven.
const frameCost = 8

// Read counts what comes. A message of which more comes than its bytes could
// take is one of frames without any: it would never end.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.in.Add(uint64(n))
	if w.message += int64(n); w.message > w.most {
		return 0, errTooBig
	}
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

// behind reports whether something waits for flush.
func (w *wire) behind() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending != nil
}

// try writes as much of p as the kernel takes without waiting, and returns how
// much. It takes nothing while there is something to flush, and must not be
// called during a flush. An error is for flush to find.
func (w *wire) try(p []byte) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fd == none || w.pending != nil {
		return 0
	}
	n := sendNow(w.fd, p)
	w.out.Add(uint64(n))
	return n
}

// Close ends the connection. From then on the descriptor may be somebody else's.
func (w *wire) Close() error {
	w.mu.Lock()
	w.fd = none
	w.mu.Unlock()
	return w.Conn.Close()
}

// descriptor is a connection's own, or none, as one of TLS has. It is the
// connection's until that is closed, which is the wire's to do.
func descriptor(conn net.Conn) int {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return none
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return none
	}
	own := none
	if err := raw.Control(func(fd uintptr) { own = int(fd) }); err != nil {
		return none
	}
	return own
}

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

// cut ends the connection at once. What the kernel holds for a client that does
// not read is thrown away: otherwise it would be kept, and offered, for minutes
// after the session, and the client would not learn that it has been dropped.
func (w *wire) cut() {
	if c, ok := w.Conn.(interface{ SetLinger(sec int) error }); ok {
		c.SetLinger(0)
	}
	w.Close()
}

// hijacker puts a link's wire between the WebSocket library and the connection
// that it takes from the http.Server.
type hijacker struct {
	http.ResponseWriter
	server *Server
	link   *link
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
	w, c := &h.link.wire, &h.server.counters
	w.Conn, w.fd, w.buffers = conn, descriptor(conn), &h.server.writeBuffers
	w.in, w.out = &c.bytesIn, &c.bytesOut
	w.most = frameCost*int64(h.server.cfg.MaxPayload) + batchBytes
	return w, buffered, nil
}
