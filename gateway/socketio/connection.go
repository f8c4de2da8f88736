package socketio

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"distributed-counter/gateway/socketio/engineio"
)

// What a client must not do.
var (
	errOrder      = errors.New("packet out of order")
	errAttachment = errors.New("attachment that nobody announced")
	errSize       = errors.New("attachments together exceed the greatest payload")
)

// connection is one client with all the namespaces it has entered. The methods
// of engineio.Receiver are called one at a time.
type connection struct {
	server  *Server
	session *engineio.Session

	partial     *Packet // waits for its attachments
	attachments [][]byte
	size        int // bytes in attachments

	mu      sync.Mutex // guards sockets; nothing is called while it is held
	sockets []*Socket  // one per namespace that was ever entered
}

// Receive implements engineio.Receiver.
func (c *connection) Receive(binary bool, data []byte) error {
	if binary {
		return c.attachment(data)
	}
	if c.partial != nil {
		return fmt.Errorf("%w: text where an attachment was due", errOrder)
	}
	p, err := ParsePacket(data)
	if err != nil {
		return err
	}
	if p.Attachments > 0 {
		c.partial = &p
		return nil
	}
	return c.packet(&p, nil)
}

func (c *connection) attachment(data []byte) error {
	if c.partial == nil {
		return errAttachment
	}
	if c.size += len(data); c.size > c.session.MaxPayload() {
		return errSize
	}
	c.attachments = append(c.attachments, data)
	if len(c.attachments) < c.partial.Attachments {
		return nil
	}
	p, attachments := c.partial, c.attachments
	c.partial, c.attachments, c.size = nil, nil, 0
	return c.packet(p, attachments)
}

// packet acts on a whole packet.
func (c *connection) packet(p *Packet, attachments [][]byte) error {
	if p.binary() {
		if err := checkPlaceholders(p.Data, len(attachments)); err != nil {
			return err
		}
	}
	s := c.socket(p.Namespace)
	if p.Type == TypeConnect {
		if s != nil && !s.left() {
			return fmt.Errorf("%w: CONNECT for the second time", errOrder)
		}
		c.connect(p)
		return nil
	}
	if s == nil {
		return fmt.Errorf("%w: no CONNECT before it", errOrder)
	}
	switch p.Type {
	case TypeDisconnect:
		s.leave(ClientDisconnect)
		return nil
	case TypeEvent, TypeBinaryEvent:
		return s.event(p, attachments)
	case TypeAck, TypeBinaryAck:
		return s.acknowledged(p, attachments)
	}
	return fmt.Errorf("%w: CONNECT_ERROR from a client", errOrder)
}

// connect answers a CONNECT.
func (c *connection) connect(p *Packet) {
	ns := c.server.namespaces[p.Namespace]
	if ns == nil {
		c.refuse(p.Namespace, &Refusal{Message: "Invalid namespace"})
		return
	}
	s := newSocket(ns, c)
	if err := ns.handler.Connect(s, p.Data); err != nil {
		s.drop()
		c.refuse(p.Namespace, err)
		return
	}
	c.add(s)
	c.session.Establish(true)
	s.enter()
}

func (c *connection) refuse(namespace string, err error) {
	p := Packet{Type: TypeConnectError, Namespace: namespace, Data: refusal(err)}
	c.session.Send(p.message("", nil))
}

// Closed implements engineio.Receiver.
func (c *connection) Closed(reason engineio.Reason) {
	c.mu.Lock()
	sockets := c.sockets
	c.mu.Unlock()
	for _, s := range sockets {
		s.leave(reason)
	}
}

// socket returns the one of this namespace, nil where there never was one.
func (c *connection) socket(namespace string) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sockets {
		if s.namespace.name == namespace {
			return s
		}
	}
	return nil
}

// add keeps s in the place of an earlier socket of its namespace.
func (c *connection) add(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, old := range c.sockets {
		if old.namespace == s.namespace {
			c.sockets[i] = s
			return
		}
	}
	c.sockets = append(c.sockets, s)
}

// idle reports whether the client is in no namespace.
func (c *connection) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sockets {
		if !s.left() {
			return false
		}
	}
	return true
}

// message makes what an Engine.IO session is sent for p.
func (p *Packet) message(key string, attachments [][]byte) *engineio.Message {
	return engineio.NewMessage(key, p.parts(attachments)...)
}

func (p *Packet) parts(attachments [][]byte) []engineio.Part {
	p.Attachments = len(attachments)
	parts := make([]engineio.Part, 1, 1+len(attachments))
	parts[0].Data = p.AppendTo(nil)
	for _, a := range attachments {
		parts = append(parts, engineio.Part{Binary: true, Data: a})
	}
	return parts
}

// eventPacket is the packet of an event, and what follows it.
func eventPacket(namespace, event string, payload Payload) (*Packet, error) {
	name, err := marshal(event)
	if err != nil {
		return nil, fmt.Errorf("event name: %w", err)
	}
	p := &Packet{Type: TypeEvent, Namespace: namespace}
	if len(payload.Attachments) > 0 {
		p.Type = TypeBinaryEvent
	}
	p.Data = array(append([]json.RawMessage{name}, payload.Args...)...)
	return p, nil
}
