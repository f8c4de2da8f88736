package engineio

import (
	"sync"

	"github.com/gorilla/websocket"
)

// Part is one message of the protocol: text, or bytes.
type Part struct {
	Binary bool
	Data   []byte
}

// Message is what a session is sent: one or more parts that leave in order
// with nothing between them. It is immutable, so one Message may be sent to any
// number of sessions; its wire form, compressed or not, is then made once.
type Message struct {
	key   string
	parts []part
	size  int // bytes, as they count against Config.MaxQueueBytes
}

// part is a Part as a packet: text has its packet type in front.
type part struct {
	kind   int // a WebSocket message type
	data   []byte
	frames *frames // nil where only one session will be sent it
}

// frames is the wire form of a part, made when the first WebSocket needs it.
type frames struct {
	once     sync.Once
	prepared *websocket.PreparedMessage
	err      error
}

// NewMessage makes a message for a single session. It copies text; bytes must
// not be changed afterwards.
func NewMessage(key string, parts ...Part) *Message {
	m := &Message{key: key, parts: make([]part, len(parts))}
	for i, p := range parts {
		m.parts[i] = part{kind: websocket.BinaryMessage, data: p.Data}
		if !p.Binary {
			m.parts[i] = textPart(TypeMessage, p.Data)
		}
		m.size += len(m.parts[i].data)
	}
	return m
}

// Prepare makes a message for many sessions. A key other than "" says that only
// the newest message of that key matters: it takes the place of an older one
// that is still queued for a session.
func Prepare(key string, parts ...Part) *Message {
	m := NewMessage(key, parts...)
	m.share()
	return m
}

func (m *Message) share() {
	for i := range m.parts {
		m.parts[i].frames = new(frames)
	}
}

// control makes a packet that the protocol itself sends.
func control(t Type, data string) *Message {
	p := textPart(t, []byte(data))
	return &Message{parts: []part{p}, size: len(p.data)}
}

// webSocketPong makes the answer to a ping of the WebSocket layer. Its key
// bounds what a flood of pings can queue: the newest answer is enough.
func webSocketPong(data string) *Message {
	p := part{kind: websocket.PongMessage, data: []byte(data)}
	return &Message{key: "\x00pong", parts: []part{p}, size: len(p.data)}
}

func textPart(t Type, data []byte) part {
	text := make([]byte, 0, 1+len(data))
	return part{kind: websocket.TextMessage, data: append(append(text, byte(t)), data...)}
}

// write hands the part to a WebSocket, whose wire takes it without waiting.
func (p *part) write(ws *websocket.Conn) error {
	if p.frames == nil {
		return ws.WriteMessage(p.kind, p.data)
	}
	p.frames.once.Do(func() {
		p.frames.prepared, p.frames.err = websocket.NewPreparedMessage(p.kind, p.data)
	})
	if p.frames.err != nil {
		return p.frames.err
	}
	return ws.WritePreparedMessage(p.frames.prepared)
}

// appendTo appends the message to the payload of a GET's answer.
func (m *Message) appendTo(payload []byte) []byte {
	for _, p := range m.parts {
		switch p.kind {
		case websocket.BinaryMessage:
			payload = AppendPayload(payload, Packet{Binary: true, Data: p.data})
		case websocket.TextMessage:
			payload = AppendPayload(payload, Packet{Type: Type(p.data[0]), Data: p.data[1:]})
		}
	}
	return payload
}
