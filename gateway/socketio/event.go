package socketio

import "sync/atomic"

// Event is what a client sent.
type Event struct {
	Name string
	Payload
	reply *reply // nil where no acknowledgement was asked for
}

type reply struct {
	socket *Socket
	id     uint64
	sent   atomic.Bool
}

// WantsAck reports whether the client waits for an acknowledgement.
func (e Event) WantsAck() bool { return e.reply != nil }

// Ack answers the event, at any time and by whomever; the second answer and one
// that was not asked for are dropped. It fails only where an argument cannot be
// encoded.
func (e Event) Ack(args ...any) error {
	payload, err := Values(args...)
	if err != nil {
		return err
	}
	e.AckPayload(payload)
	return nil
}

// AckPayload is Ack with arguments that are encoded already.
func (e Event) AckPayload(payload Payload) {
	if e.reply == nil || e.reply.sent.Swap(true) {
		return
	}
	p := Packet{Type: TypeAck, Namespace: e.reply.socket.namespace.name, ID: e.reply.id, HasID: true}
	if len(payload.Attachments) > 0 {
		p.Type = TypeBinaryAck
	}
	p.Data = array(payload.Args...)
	e.reply.socket.send(p.message("", payload.Attachments))
}
