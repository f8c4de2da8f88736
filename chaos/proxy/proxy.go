package proxy

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Proxy is a running proxy.
type Proxy struct {
	listener net.Listener
	broker   string
	ending   context.Context
	end      context.CancelFunc
	open     sync.WaitGroup

	mu     sync.Mutex // guards the rest
	owners map[string]*owner
	faults []*Fault
	late   Late
}

// Late is how many requests an earlier owner of a transactional id has sent
// after it was fenced, and what of it the broker took, which must be nothing.
type Late struct {
	Sent     int
	Accepted []string
}

// Start listens at an address, on behalf of the broker at another one.
func Start(listen, broker string) (*Proxy, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen for clients of Kafka: %w", err)
	}
	p := &Proxy{listener: l, broker: broker, owners: make(map[string]*owner)}
	p.ending, p.end = context.WithCancel(context.Background())
	p.open.Go(p.accept)
	return p, nil
}

// Close ends all connections and returns when nothing runs any more.
func (p *Proxy) Close() {
	p.end()
	p.listener.Close()
	p.open.Wait()
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.open.Go(func() { p.serve(c) })
	}
}

// maxPending bounds the requests of a connection that wait for an answer.
const maxPending = 1024

// serve carries one connection until either side ends it. A broker answers a
// connection's requests in their order.
func (p *Proxy) serve(client net.Conn) {
	broker, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(p.ending, "tcp", p.broker)
	if err != nil {
		client.Close()
		return
	}
	both, end := context.WithCancel(p.ending)
	stop := context.AfterFunc(both, func() {
		client.Close()
		broker.Close()
	})
	defer stop()
	defer client.Close()
	defer broker.Close()
	defer end()
	c := &connection{p: p, ctx: both, client: client, broker: broker, pending: make(chan request, maxPending)}
	var answering sync.WaitGroup
	answering.Go(func() {
		defer end()
		c.answers()
	})
	c.requests()
	end()
	answering.Wait()
}

type connection struct {
	p              *Proxy
	ctx            context.Context
	client, broker net.Conn
	pending        chan request
}

// requests forwards what the client sends. Each is told to the proxy first,
// which may want it lost.
func (c *connection) requests() {
	for {
		frame, err := readFrame(c.client)
		if err != nil {
			return
		}
		r, err := parseRequest(frame)
		if err != nil {
			return
		}
		if !c.p.request(c.ctx, &r) {
			return
		}
		select {
		case c.pending <- r:
		case <-c.ctx.Done():
			return
		}
		if _, err := c.broker.Write(frame); err != nil {
			return
		}
	}
}

func (c *connection) answers() {
	for {
		frame, err := readFrame(c.broker)
		if err != nil {
			return
		}
		select {
		case r := <-c.pending:
			if !c.p.answer(&r, frame) {
				return
			}
		case <-c.ctx.Done():
			return
		}
		if _, err := c.client.Write(frame); err != nil {
			return
		}
	}
}

// maxFrame bounds a request or an answer, in bytes.
const maxFrame = 128 << 20

var errFrame = errors.New("a frame out of bounds")

// readFrame reads a frame, its length before it included.
func readFrame(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 4 || n > maxFrame {
		return nil, errFrame
	}
	frame := make([]byte, 4+n)
	copy(frame, size[:])
	_, err := io.ReadFull(r, frame[4:])
	return frame, err
}
