package simulation_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// wire is the network of one process: each of its connections to the broker
// goes through two pumps that move one Kafka frame at a time. So every request
// and every answer is a step at which something can go wrong, and what was
// written but not delivered when a process gives up is still on its way, as on
// a real network.
type wire struct {
	net    *kfake.VirtualNetwork
	mutate func(f *frame) // changes requests in flight; for mutation tests

	mu      sync.Mutex // guards the rest
	down    error      // why nobody can connect; nil while they can
	gate    chan struct{}
	delay   func(f *frame) time.Duration
	links   map[*link]bool
	traps   []*trap
	frames  int // requests so far
	pumping sync.WaitGroup
}

var errUnreachable = errors.New("network is unreachable")

// frame is a request, or the answer to it.
type frame struct {
	key, version int16
	corr         int32
	client       string // client id
	raw          []byte // all of it, with its length in front
	w            *wire
}

// request parses the frame, which must be a request.
func (f *frame) request() kmsg.Request {
	r := kbin.Reader{Src: f.raw[12:]}
	r.NullableString()
	req := kmsg.RequestForKey(f.key)
	req.SetVersion(f.version)
	if req.IsFlexible() {
		kmsg.SkipTags(&r)
	}
	if err := req.ReadFrom(r.Src); err != nil {
		panic("simulation: request that nobody can read: " + err.Error())
	}
	return req
}

// replace puts another request of the same kind into the frame.
func (f *frame) replace(req kmsg.Request) {
	f.raw = kmsg.NewRequestFormatter(kmsg.FormatterClientID(f.client)).AppendRequest(nil, req, f.corr)
}

// of says whether the frame is of a part of a processor: "count", "partition",
// "reader", "admin".
func (f *frame) of(part string) bool { return strings.HasSuffix(f.client, "-"+part) }

// trap waits for a request, and springs once. Then the connection is cut, or,
// where it stays, the request goes on its way, unless the wire hangs now.
type trap struct {
	match  func(f *frame) bool // called for each request, in order
	after  bool                // spring when the broker has obeyed, instead of the answer
	stays  bool
	spring func()
}

// link is one connection.
type link struct {
	w         *wire
	near, far net.Conn // towards the process, towards the broker
	once      sync.Once

	mu     sync.Mutex      // guards sprung
	sprung map[int32]*trap // those that wait for an answer, by correlation id
}

func (l *link) cut() {
	l.once.Do(func() {
		l.near.Close()
		l.far.Close()
		l.w.mu.Lock()
		delete(l.w.links, l)
		l.w.mu.Unlock()
	})
}

// dial connects the process to the broker.
func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	down, gate := w.down, w.gate
	w.mu.Unlock()
	if down != nil {
		return nil, down
	}
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	far, err := w.net.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	ours, near := net.Pipe()
	l := &link{w: w, near: near, far: far, sprung: make(map[int32]*trap)}
	w.mu.Lock()
	if w.down != nil {
		w.mu.Unlock()
		near.Close()
		far.Close()
		return nil, errUnreachable
	}
	w.links[l] = true
	w.pumping.Add(2)
	w.mu.Unlock()
	go l.pump(near, far, l.ask)
	go l.pump(far, near, l.answer)
	return &conn{Conn: ours, remote: far.RemoteAddr()}, nil
}

// conn has the broker's address, which clients like to know.
type conn struct {
	net.Conn
	remote net.Addr
}

func (c *conn) RemoteAddr() net.Addr { return c.remote }

// pump moves frames until one side is gone. A frame that was read is delivered
// even if its sender has hung up meanwhile.
func (l *link) pump(from, to net.Conn, step func(f *frame) bool) {
	defer l.w.pumping.Done()
	defer l.cut()
	for {
		f := &frame{raw: make([]byte, 4), w: l.w}
		if _, err := io.ReadFull(from, f.raw); err != nil {
			return
		}
		f.raw = append(f.raw, make([]byte, binary.BigEndian.Uint32(f.raw))...)
		if _, err := io.ReadFull(from, f.raw[4:]); err != nil {
			return
		}
		if !l.wait(f) || !step(f) {
			return
		}
		if _, err := to.Write(f.raw); err != nil {
			return
		}
	}
}

// wait holds a frame back while the wire hangs, and for as long as it is slow.
func (l *link) wait(f *frame) bool {
	l.w.mu.Lock()
	delay := l.w.delay
	l.w.mu.Unlock()
	if delay != nil {
		if d := delay(f); d > 0 {
			time.Sleep(d)
		}
	}
	for {
		l.w.mu.Lock()
		gate := l.w.gate
		l.w.mu.Unlock()
		if gate == nil {
			return true
		}
		<-gate
	}
}

// ask looks at a request; false ends the connection.
func (l *link) ask(f *frame) bool {
	f.key = int16(binary.BigEndian.Uint16(f.raw[4:]))
	f.version = int16(binary.BigEndian.Uint16(f.raw[6:]))
	f.corr = int32(binary.BigEndian.Uint32(f.raw[8:]))
	if n := int(int16(binary.BigEndian.Uint16(f.raw[12:]))); n > 0 {
		f.client = string(f.raw[14 : 14+n])
	}
	t := l.w.trapFor(f)
	if t != nil && !t.after {
		t.spring()
		if !t.stays {
			l.cut()
			return false
		}
		l.wait(f)
	}
	if t != nil && t.after {
		l.mu.Lock()
		l.sprung[f.corr] = t
		l.mu.Unlock()
	}
	if l.w.mutate != nil {
		l.w.mutate(f)
	}
	return true
}

// answer looks at an answer: a trap may have waited for it.
func (l *link) answer(f *frame) bool {
	corr := int32(binary.BigEndian.Uint32(f.raw[4:]))
	l.mu.Lock()
	t := l.sprung[corr]
	l.mu.Unlock()
	if t == nil {
		return true
	}
	t.spring()
	if !t.stays {
		l.cut()
	}
	return t.stays
}

func (w *wire) trapFor(f *frame) *trap {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frames++
	for i, t := range w.traps {
		if t.match(f) {
			w.traps = append(w.traps[:i], w.traps[i+1:]...)
			return t
		}
	}
	return nil
}

func (w *wire) set(t *trap) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traps = append(w.traps, t)
}

// break_ cuts all connections, and lets none be made until mend.
func (w *wire) break_() {
	w.mu.Lock()
	w.down = errUnreachable
	links := make([]*link, 0, len(w.links))
	for l := range w.links {
		links = append(links, l)
	}
	w.mu.Unlock()
	for _, l := range links {
		l.cut()
	}
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = nil
}

// hang holds everything back until resume: connections stay, nothing moves.
func (w *wire) hang() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gate == nil {
		w.gate = make(chan struct{})
	}
}

func (w *wire) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gate != nil {
		close(w.gate)
		w.gate = nil
	}
}

// slow delays each frame by what f says; nil is no delay.
func (w *wire) slow(f func(*frame) time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = f
}
