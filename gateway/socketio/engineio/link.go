package engineio

import (
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

// errTooManyPackets ends the reading of a client that sends pings or pongs of the
// WebSocket layer faster than packets are allowed.
var errTooManyPackets = errors.New("too many packets")

// link is a WebSocket. One goroutine reads it, and one at a time writes to it.
type link struct {
	wire wire // first, for try's sake
	ws   *websocket.Conn
}

// upgrade takes the request's connection over; where that fails it has answered.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) (*link, error) {
	l := new(link)
	ws, err := s.upgrader.Upgrade(&hijacker{ResponseWriter: w, server: s, link: l}, r, nil)
	if err != nil {
		return nil, err
	}
	if err := l.wire.flush(s.cfg.WriteTimeout); err != nil {
		l.wire.cut()
		return nil, err
	}
	ws.SetReadLimit(int64(s.cfg.MaxPayload))
	ws.SetCloseHandler(func(int, string) error { return nil }) // Session.write answers
	l.ws = ws
	return l, nil
}

// openWebSocket begins a session on a WebSocket.
func (s *Server) openWebSocket(w http.ResponseWriter, r *http.Request) {
	session, refused := s.admit(r)
	if refused != nil {
		s.refuse(w, *refused)
		return
	}
	l, err := s.upgrade(w, r)
	if err != nil {
		s.release(session, true)
		s.running.Done()
		return
	}
	s.running.Add(1)
	// The open packet is the first, also where Open sends something.
	session.queue(session.handshake())
	session.start(l)
	session.kick()
	go func() { // a fresh goroutine, as the http.Server's comes with a grown stack
		defer s.running.Done()
		session.Close(session.read(l))
	}()
}

// kick delivers what was queued before there was a link.
func (s *Session) kick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed && !s.out.empty() {
		s.deliver()
	}
}

// read acts on packets until the session is to end, and says why.
func (s *Session) read(l *link) Reason {
	l.ws.SetPingHandler(func(data string) error {
		if !s.allow() {
			return errTooManyPackets
		}
		s.Send(webSocketPong(data))
		return nil
	})
	l.ws.SetPongHandler(func(string) error { // nobody asks for them
		if !s.allow() {
			return errTooManyPackets
		}
		return nil
	})
	for {
		p, reason := s.server.readPacket(l)
		if reason == "" {
			reason = s.packet(p)
		}
		if reason != "" {
			return reason
		}
	}
}

// readPacket waits for the next packet.
func (s *Server) readPacket(l *link) (Packet, Reason) {
	l.wire.message = 0
	kind, r, err := l.ws.NextReader()
	if err != nil {
		return Packet{}, readReason(err)
	}
	data, err := s.readBounded(r)
	if err != nil {
		return Packet{}, readReason(err)
	}
	if kind == websocket.BinaryMessage {
		return Packet{Type: TypeMessage, Binary: true, Data: data}, ""
	}
	p, err := ParsePacket(data)
	if err != nil {
		return Packet{}, ParseError
	}
	return p, ""
}

// write sends what is queued until nothing is, or the session has ended and l
// is closed.
func (s *Session) write(l *link) {
	defer s.server.running.Done()
	for {
		s.mu.Lock()
		batch, closed, reason := s.out.take(batchBytes), s.closed, s.reason
		if len(batch) == 0 && !closed && !l.wire.behind() {
			s.writing = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if len(batch) == 0 && closed {
			l.close(reason)
			return
		}
		timeout := s.server.cfg.WriteTimeout
		if closed {
			timeout = closeTimeout
		}
		err := s.server.writeBatch(l, batch, timeout)
		s.server.sent(batch)
		if err != nil {
			s.Close(writeReason(err)) // first, or the reader says why; writing stays true: nobody uses l again
			l.wire.cut()
			s.mu.Lock()
			s.discard() // what a session that was to be flushed has left
			s.mu.Unlock()
			return
		}
	}
}

// direct sends a message at once, where the kernel takes it without waiting:
// nothing is queued, and it is one small frame. What the kernel takes in part is
// taken over by a writer. The caller holds mu.
func (s *Session) direct(m *Message) bool {
	if s.link == nil || s.writing || !s.out.empty() || len(m.parts) != 1 {
		return false
	}
	p, w := &m.parts[0], &s.link.wire
	if p.kind == websocket.PongMessage || len(p.data) >= s.server.cfg.CompressFrom {
		return false
	}
	n := w.try(p.frame)
	if n == 0 {
		return false
	}
	s.server.counters.packetsOut.Add(1)
	if n < len(p.frame) {
		w.Write(p.frame[n:])
		s.deliver()
	}
	return true
}

// writeBatch writes messages to l in one piece.
func (s *Server) writeBatch(l *link, batch []*Message, timeout time.Duration) error {
	for _, m := range batch {
		for i := range m.parts {
			p := &m.parts[i]
			if p.kind == websocket.PongMessage {
				l.ws.WriteControl(p.kind, p.data, time.Time{}) // the wire's Write cannot fail
				continue
			}
			if len(p.data) < s.cfg.CompressFrom {
				l.wire.Write(p.frame) // it cannot fail
			} else if err := p.deflate(l.ws); err != nil {
				return err
			}
			s.counters.packetsOut.Add(1)
		}
	}
	return l.wire.flush(timeout)
}

// end makes l give up soon, or at once. It is called before close.
func (l *link) end(abort bool) {
	if abort {
		l.wire.cut()
		return
	}
	l.wire.Conn.SetWriteDeadline(time.Now().Add(closeTimeout))
}

// close says goodbye, if the client still takes it, and ends the connection.
func (l *link) close(reason Reason) {
	how := reason.ending()
	if !how.abort {
		l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(how.code, string(reason)), time.Time{})
		if l.wire.flush(closeTimeout) == nil {
			l.wire.Close() // and what has been written still arrives
			return
		}
	}
	l.wire.cut()
}

// readReason says what a failed read means for the session.
func readReason(err error) Reason {
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed):
		return TransportClose
	case errors.Is(err, websocket.ErrReadLimit), errors.Is(err, errTooBig):
		return PayloadTooBig
	case errors.Is(err, errBusy):
		return Overloaded
	case errors.Is(err, errTooManyPackets):
		return TooManyPackets
	case isNetwork(err):
		return TransportError
	}
	return ParseError // the library's complaints about frames
}

// writeReason says what a failed write means for the session.
func writeReason(err error) Reason {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return SlowClient
	case errors.Is(err, websocket.ErrCloseSent): // by the library, to a broken frame
		return ParseError
	}
	return TransportError
}
