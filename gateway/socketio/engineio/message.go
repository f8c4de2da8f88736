package engineio

import (
	"encoding/binary"
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
	kind   int     // a WebSocket message type
	data   []byte  // the end of frame
	frame  []byte  // a WebSocket frame as it is, not compressed
	frames *frames // nil where only one session will be sent it
}

// newPart frames what parts join up to: from a server, a frame is a header and
// the bytes.
//
//	┌──────────────┬───────────────────────────────────┬──────┐
//	│ 0x80 | kind  │ size, or 126 and 2, or 127 and 8  │ data │
//	└──────────────┴───────────────────────────────────┴──────┘
func newPart(kind int, parts ...[]byte) part {
	const longest = 10 // bytes of a header
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	frame := make([]byte, 0, longest+size)
	frame = append(frame, 0x80|byte(kind))
	switch {
	case size < 126:
		frame = append(frame, byte(size))
	case size < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(size))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(size))
	}
	head := len(frame)
	for _, p := range parts {
		frame = append(frame, p...)
	}
	return part{kind: kind, data: frame[head:], frame: frame}
}

// frames is the compressed form of a part, made when the first WebSocket needs it.
type frames struct {
	once     sync.Once
	prepared *websocket.PreparedMessage
	err      error
}

// NewMessage makes a message for a single session, with a copy of the parts.
func NewMessage(key string, parts ...Part) *Message {
	m := &Message{key: key, parts: make([]part, len(parts))}
	for i, p := range parts {
		if p.Binary {
			m.parts[i] = newPart(websocket.BinaryMessage, p.Data)
		} else {
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
	return newPart(websocket.TextMessage, []byte{byte(t)}, data)
}

// deflate hands the part to the library, which compresses it, for all sessions
// once where it is shared, if the client can take that.
func (p *part) deflate(ws *websocket.Conn) error {
	ws.EnableWriteCompression(true)
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
