package iam_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// guard stands in front of a broker that knows no AWS_MSK_IAM, and speaks it:
// of each connection it takes the handshake and the token, and what comes
// after it lets through to the broker. It hangs up on whoever asks for more
// than that without a token that admit likes.
type guard struct {
	admit   func(token []byte) (key string, err error)
	session time.Duration // told to the client; zero: without an end

	mu       sync.Mutex // guards admitted
	admitted [][]string // by connection, in the order of their first
}

// who was admitted, by connection: the keys of its tokens.
func (g *guard) who() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []string
	for _, keys := range g.admitted {
		all = append(all, strings.Join(keys, " "))
	}
	return all
}

type guarded struct {
	net.Listener
	guard *guard
}

func (l guarded) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	c := &guardedConn{Conn: conn, guard: l.guard, in: r, number: -1}
	go func() { w.CloseWithError(c.filter(w)) }()
	return c, nil
}

// guardedConn is a connection of which the broker reads what the guard lets
// through.
type guardedConn struct {
	net.Conn
	guard  *guard
	in     *io.PipeReader
	number int // of its row in admitted; -1 before there is one
}

func (c *guardedConn) Read(b []byte) (int, error) { return c.in.Read(b) }

func (c *guardedConn) Close() error {
	c.in.Close()
	return c.Conn.Close()
}

// filter reads requests until one is not allowed or the connection ends.
func (c *guardedConn) filter(broker io.Writer) error {
	defer c.Conn.Close()
	from := bufio.NewReader(c.Conn)
	for {
		frame := make([]byte, 4)
		if _, err := io.ReadFull(from, frame); err != nil {
			return err
		}
		frame = append(frame, make([]byte, binary.BigEndian.Uint32(frame))...)
		if _, err := io.ReadFull(from, frame[4:]); err != nil {
			return err
		}
		reader := kbin.Reader{Src: frame[4:]}
		switch request := kmsg.RequestForKey(reader.Int16()).(type) {
		case *kmsg.SASLHandshakeRequest, *kmsg.SASLAuthenticateRequest:
			if err := c.serve(request, reader); err != nil {
				return err
			}
			continue
		case *kmsg.ApiVersionsRequest:
		default:
			if c.number < 0 {
				return io.ErrUnexpectedEOF
			}
		}
		if _, err := broker.Write(frame); err != nil {
			return err
		}
	}
}

// serve answers a request of SASL; of its head the reader has passed the key.
func (c *guardedConn) serve(request kmsg.Request, reader kbin.Reader) error {
	request.SetVersion(reader.Int16())
	correlation := reader.Int32()
	reader.NullableString()
	if request.IsFlexible() {
		kmsg.SkipTags(&reader)
	}
	if err := request.ReadFrom(reader.Src); err != nil {
		return err
	}
	response := request.ResponseKind()
	switch r := response.(type) {
	case *kmsg.SASLHandshakeResponse:
		r.SupportedMechanisms = []string{"AWS_MSK_IAM"}
		if request.(*kmsg.SASLHandshakeRequest).Mechanism != "AWS_MSK_IAM" {
			r.ErrorCode = kerr.UnsupportedSaslMechanism.Code
		}
	case *kmsg.SASLAuthenticateResponse:
		c.authenticate(request.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes, r)
	}
	out := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(correlation))
	if response.IsFlexible() {
		out = append(out, 0) // no tags
	}
	out = response.AppendTo(out)
	binary.BigEndian.PutUint32(out, uint32(len(out)-4))
	_, err := c.Conn.Write(out)
	return err
}

func (c *guardedConn) authenticate(token []byte, r *kmsg.SASLAuthenticateResponse) {
	key, err := c.guard.admit(token)
	if err != nil {
		message := err.Error()
		r.ErrorCode, r.ErrorMessage = kerr.SaslAuthenticationFailed.Code, &message
		return
	}
	r.SASLAuthBytes = []byte(`{"version":"2020_10_22","request-id":"1"}`)
	r.SessionLifetimeMillis = c.guard.session.Milliseconds()
	c.guard.mu.Lock()
	defer c.guard.mu.Unlock()
	if c.number < 0 {
		c.number = len(c.guard.admitted)
		c.guard.admitted = append(c.guard.admitted, nil)
	}
	c.guard.admitted[c.number] = append(c.guard.admitted[c.number], key)
}
