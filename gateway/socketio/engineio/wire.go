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
type wire struct {
	net.Conn
	in, out *atomic.Uint64
	buffers *sync.Pool // of *[]byte
	attempt *attempt   // nil where there is no descriptor below: try takes nothing
	message int64      // bytes read since the last message; of the reader alone
	most    int64      // what message may grow to

	mu      sync.Mutex // guards pending; not held while writing to Conn
	pending *[]byte    // written and not flushed; nil while there is nothing
}

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
// much. It must not be called while there is something to flush, nor during a
// flush. An error is for flush to find.
func (w *wire) try(p []byte) int {
	if w.attempt == nil || w.behind() {
		return 0
	}
	n := w.attempt.write(p)
	w.out.Add(uint64(n))
	return n
}

// attempt writes to a descriptor without waiting. It is used by one goroutine at
// a time.
type attempt struct {
	raw  syscall.RawConn
	once func(fd uintptr) // made once, not for each write
	p    []byte
	n    int
}

// newAttempt returns nil where conn has no descriptor, as one of TLS has none.
func newAttempt(conn net.Conn) *attempt {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	a := &attempt{raw: raw}
	a.once = func(fd uintptr) { a.n, _ = syscall.Write(int(fd), a.p) } // it is non-blocking, as all of the runtime's are
	return a
}

// write returns how many bytes the kernel took.
func (a *attempt) write(p []byte) int {
	a.p, a.n = p, 0
	_ = a.raw.Control(a.once) // closed meanwhile: nothing is taken
	a.p = nil
	return max(a.n, 0)
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
	w.Conn.Close()
}

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
	h.wire = &wire{Conn: conn, in: &c.bytesIn, out: &c.bytesOut, buffers: &h.server.writeBuffers, attempt: newAttempt(conn),
		most: frameCost*int64(h.server.cfg.MaxPayload) + batchBytes}
	return h.wire, buffered, nil
}
