package socketio

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"distributed-counter/gateway/socketio/engineio"
)

const (
	maxHeld = 1_024 // messages sent to a socket before its Connect returned
	maxAcks = 256   // acknowledgements one socket may owe
)

// ErrTooManyAcks says that a client owes 256 acknowledgements already.
var ErrTooManyAcks = errors.New("too many acknowledgements outstanding")

// The life of a socket.
const (
	socketConnecting int32 = iota // Connect has not returned; messages are held
	socketConnected
	socketLeft
)

// Socket is one client in one namespace. Its methods may be called by anybody
// at any time and never wait; after the client has left they do nothing.
type Socket struct {
	// Value is the application's own; this package does not touch it.
	Value any

	namespace  *Namespace
	session    *engineio.Session // the connection's, which a send need not touch
	connection *connection
	id         string
	state      atomic.Int32 // changed with mu held

	rooms    map[string]struct{} // guarded by namespace.mu
	roomless bool                // likewise: has left, enters no room

	mu     sync.Mutex // guards what follows; Engine.IO's Send is called while it is held
	held   []*engineio.Message
	lastID uint64
	acks   map[uint64]func(Payload)
}

func newSocket(n *Namespace, c *connection) *Socket {
	var random [15]byte
	rand.Read(random[:])
	return &Socket{namespace: n, session: c.session, connection: c, id: base64.RawURLEncoding.EncodeToString(random[:])}
}

// ID names the socket in its namespace. It may be told to others.
func (s *Socket) ID() string { return s.id }

// Namespace is where the socket is.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Address is the client's, as Config.Engine.ClientAddress told it.
func (s *Socket) Address() string { return s.session.Address() }

// Send queues a message of the socket's namespace; one of another namespace is
// a bug and panics.
func (s *Socket) Send(m Message) {
	if m.namespace != s.namespace {
		panic("socketio: message of another namespace")
	}
	s.send(m.engine)
}

// Emit encodes and sends an event to this socket alone. It fails only where an
// argument cannot be encoded.
func (s *Socket) Emit(event string, args ...any) error { return s.emit("", event, args) }

// EmitLatest is Emit of an event of which the client needs only the newest with
// this key; see Namespace.PrepareLatest, with which it shares keys.
func (s *Socket) EmitLatest(key, event string, args ...any) error {
	return s.emit(latest(s.namespace.name, event, key), event, args)
}

func (s *Socket) emit(key, event string, args []any) error {
	parts, err := encode(s.namespace.name, event, args)
	if err != nil {
		return err
	}
	s.send(engineio.NewMessage(key, parts...))
	return nil
}

// EmitPayload sends an event whose arguments are encoded already.
func (s *Socket) EmitPayload(event string, payload Payload) error {
	p, err := eventPacket(s.namespace.name, event, payload)
	if err != nil {
		return err
	}
	s.send(p.message("", payload.Attachments))
	return nil
}

// EmitAck is Emit of an event that asks for an acknowledgement. With it done is
// called, like a method of Handler; never, where the client does not answer.
func (s *Socket) EmitAck(done func(Payload), event string, args ...any) error {
	payload, err := Values(args...)
	if err != nil {
		return err
	}
	p, err := eventPacket(s.namespace.name, event, payload)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if len(s.acks) >= maxAcks {
		s.mu.Unlock()
		return ErrTooManyAcks
	}
	if s.acks == nil {
		s.acks = make(map[uint64]func(Payload))
	}
	p.ID, p.HasID = s.lastID, true
	s.acks[p.ID] = done
	s.lastID++
	s.mu.Unlock()
	s.send(p.message("", payload.Attachments))
	return nil
}

// send queues m, or holds it until Connect has returned.
func (s *Socket) send(m *engineio.Message) {
	switch s.state.Load() {
	case socketConnected:
		s.session.Send(m)
		return
	case socketLeft:
		return
	}
	s.mu.Lock()
	switch {
	case s.state.Load() == socketConnected:
		s.session.Send(m)
	case s.state.Load() == socketConnecting && len(s.held) < maxHeld:
		s.held = append(s.held, m)
	case s.state.Load() == socketConnecting:
		s.session.Close(engineio.SlowClient)
	}
	s.mu.Unlock()
}

// enter confirms the CONNECT and sends what was held meanwhile.
func (s *Socket) enter() {
	data, err := marshal(map[string]string{"sid": s.id})
	if err != nil {
		panic("marshal of a string: " + err.Error())
	}
	p := Packet{Type: TypeConnect, Namespace: s.namespace.name, Data: data}
	s.namespace.enter(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session.Send(p.message("", nil))
	for _, m := range s.held {
		s.session.Send(m)
	}
	s.held = nil
	s.state.Store(socketConnected)
}

// SetRooms makes rooms the ones the socket is in: it leaves all others.
func (s *Socket) SetRooms(rooms []string) {
	wanted := make(map[string]struct{}, len(rooms))
	for _, name := range rooms {
		wanted[name] = struct{}{}
	}
	s.namespace.mu.Lock()
	defer s.namespace.mu.Unlock()
	s.namespace.setRooms(s, wanted)
}

// Join puts the socket into one more room.
func (s *Socket) Join(room string) {
	s.namespace.mu.Lock()
	defer s.namespace.mu.Unlock()
	s.namespace.join(s, room)
}

// Leave takes the socket out of a room.
func (s *Socket) Leave(room string) {
	s.namespace.mu.Lock()
	defer s.namespace.mu.Unlock()
	s.namespace.quit(s, room)
}

// Rooms returns the rooms the socket is in, sorted.
func (s *Socket) Rooms() []string {
	s.namespace.mu.Lock()
	defer s.namespace.mu.Unlock()
	return slices.Sorted(maps.Keys(s.rooms))
}

// Disconnect tells the client that it is out of the namespace; its connection
// stays. A client does not come back by itself after that.
func (s *Socket) Disconnect() {
	s.session.Go(func() {
		if s.left() {
			return
		}
		p := Packet{Type: TypeDisconnect, Namespace: s.namespace.name}
		s.session.Send(p.message("", nil))
		s.leave(ServerDisconnect)
	})
}

// Close ends the client's connection, once what is queued has been sent. A
// client connects again.
func (s *Socket) Close() { s.session.Close(engineio.ForcedClose) }

func (s *Socket) left() bool { return s.state.Load() == socketLeft }

// drop ends the socket without telling the application.
func (s *Socket) drop() {
	s.mu.Lock()
	s.state.Store(socketLeft)
	s.held, s.acks = nil, nil
	s.mu.Unlock()
	s.namespace.leave(s)
}

// leave ends the socket, once. It is called like a method of Handler.
func (s *Socket) leave(reason engineio.Reason) {
	if s.left() {
		return
	}
	s.drop()
	if s.connection.idle() {
		s.session.Establish(false)
	}
	s.namespace.handler.Disconnect(s, reason)
}

// event hands an event to the application.
func (s *Socket) event(p *Packet, attachments [][]byte) error {
	name, args, err := p.event()
	if err != nil || s.left() {
		return err
	}
	e := Event{Name: name, Payload: Payload{args, attachments}}
	if p.HasID {
		e.reply = &reply{socket: s, id: p.ID}
	}
	s.namespace.handler.Event(s, e)
	return nil
}

// acknowledged hands the client's answer to who asked for it.
func (s *Socket) acknowledged(p *Packet, attachments [][]byte) error {
	args, err := p.values()
	if err != nil {
		return err
	}
	s.mu.Lock()
	done := s.acks[p.ID]
	delete(s.acks, p.ID)
	s.mu.Unlock()
	if done != nil {
		done(Payload{args, attachments})
	}
	return nil
}
