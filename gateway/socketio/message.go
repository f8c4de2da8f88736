package socketio

import (
	"fmt"

	"distributed-counter/gateway/socketio/engineio"
)

// Message is an event for any number of sockets of one namespace, encoded once.
// It is immutable. The zero value is no message.
type Message struct {
	namespace *Namespace
	engine    *engineio.Message
}

// Prepare encodes an event. Arguments are as for Values.
func (n *Namespace) Prepare(event string, args ...any) (Message, error) {
	return n.prepare("", event, args)
}

// PrepareLatest encodes an event of which a client needs only the newest with
// this key: sent to a socket that still has an older one queued, it takes that
// one's place in the queue.
func (n *Namespace) PrepareLatest(key, event string, args ...any) (Message, error) {
	return n.prepare(latest(n.name, event, key), event, args)
}

func (n *Namespace) prepare(key, event string, args []any) (Message, error) {
	parts, err := encode(n.name, event, args)
	if err != nil {
		return Message{}, err
	}
	return Message{n, engineio.Prepare(key, parts...)}, nil
}

// encode makes an event's packet and attachments.
func encode(namespace, event string, args []any) ([]engineio.Part, error) {
	payload, err := Values(args...)
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", event, err)
	}
	p, err := eventPacket(namespace, event, payload)
	if err != nil {
		return nil, fmt.Errorf("encode event %s: %w", event, err)
	}
	return p.parts(payload.Attachments), nil
}

// latest is the key of a queued message. Neither part but the last holds NUL in
// practice; were it otherwise, two keys could meet and one value be skipped.
func latest(namespace, event, key string) string {
	return namespace + "\x00" + event + "\x00" + key
}
