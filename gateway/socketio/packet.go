package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Type is the kind of a packet, the digit it begins with on the wire.
type Type byte

// The seven packet types of the protocol.
const (
	TypeConnect      Type = '0'
	TypeDisconnect   Type = '1'
	TypeEvent        Type = '2'
	TypeAck          Type = '3'
	TypeConnectError Type = '4'
	TypeBinaryEvent  Type = '5'
	TypeBinaryAck    Type = '6'
)

const (
	mainNamespace  = "/" // never written in a packet
	maxNamespace   = 256 // bytes in a namespace's name
	maxAttachments = 10  // binary attachments of one packet, as in the reference implementation
)

// What makes a packet undecodable.
var (
	errEmpty       = errors.New("empty packet")
	errType        = errors.New("unknown packet type")
	errAttachments = errors.New("bad number of attachments")
	errNamespace   = errors.New("bad namespace")
	errID          = errors.New("bad acknowledgement id")
	errPayload     = errors.New("payload does not fit the packet type")
)

// Packet is one Socket.IO packet. Its form on the wire, inside an Engine.IO text
// message:
//
//	┌──────┬──────────────────┬───────────────┬──────┬──────┐
//	│ type │ attachments, '-' │ namespace ',' │ id   │ JSON │
//	└──────┴──────────────────┴───────────────┴──────┴──────┘
//	 digit   decimal, of the    not for "/"     decimal, of events
//	         binary types only                  and acks; optional
//
// Each attachment follows as an Engine.IO binary message of its own; in the JSON
// {"_placeholder":true,"num":n} stands where attachment n belongs.
type Packet struct {
	Type        Type
	Namespace   string // "/" or another name that begins with a slash
	ID          uint64 // valid with HasID
	HasID       bool
	Data        json.RawMessage // nil for none
	Attachments int             // how many binary messages follow
}

// ParsePacket reads the text of a packet. Data shares its memory.
func ParsePacket(text []byte) (Packet, error) {
	if len(text) == 0 {
		return Packet{}, errEmpty
	}
	p := Packet{Type: Type(text[0]), Namespace: mainNamespace}
	if p.Type < TypeConnect || p.Type > TypeBinaryAck {
		return Packet{}, fmt.Errorf("%w %q", errType, text[0])
	}
	rest := text[1:]
	for _, read := range []func(*Packet, []byte) ([]byte, error){readAttachments, readNamespace, readID} {
		var err error
		if rest, err = read(&p, rest); err != nil {
			return Packet{}, err
		}
	}
	if len(rest) > 0 {
		p.Data = rest
	}
	if err := p.check(); err != nil {
		return Packet{}, err
	}
	return p, nil
}

func readAttachments(p *Packet, text []byte) ([]byte, error) {
	if !p.binary() {
		return text, nil
	}
	digits, rest, found := bytes.Cut(text, []byte{'-'})
	n, err := strconv.ParseUint(string(digits), 10, 16)
	if !found || err != nil || n > maxAttachments {
		return nil, errAttachments
	}
	p.Attachments = int(n)
	return rest, nil
}

func readNamespace(p *Packet, text []byte) ([]byte, error) {
	if len(text) == 0 || text[0] != '/' {
		return text, nil
	}
	name, rest, _ := bytes.Cut(text, []byte{','})
	if len(name) > maxNamespace {
		return nil, errNamespace
	}
	p.Namespace = string(name)
	return rest, nil
}

func readID(p *Packet, text []byte) ([]byte, error) {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	if n == 0 {
		return text, nil
	}
	id, err := strconv.ParseUint(string(text[:n]), 10, 64)
	if err != nil {
		return nil, errID
	}
	p.ID, p.HasID = id, true
	return text[n:], nil
}

func (p *Packet) binary() bool { return p.Type == TypeBinaryEvent || p.Type == TypeBinaryAck }

// check reports whether the payload is of the packet type's shape.
func (p *Packet) check() error {
	if p.Data != nil && !json.Valid(p.Data) {
		return fmt.Errorf("%w: not JSON", errPayload)
	}
	ok := false
	switch p.Type {
	case TypeConnect:
		ok = !p.HasID && (p.Data == nil || p.Data[0] == '{')
	case TypeDisconnect:
		ok = !p.HasID && p.Data == nil
	case TypeConnectError:
		ok = !p.HasID && p.Data != nil && (p.Data[0] == '{' || p.Data[0] == '"')
	case TypeEvent, TypeBinaryEvent:
		ok = p.Data != nil && p.Data[0] == '['
	case TypeAck, TypeBinaryAck:
		ok = p.HasID && p.Data != nil && p.Data[0] == '['
	}
	if !ok {
		return errPayload
	}
	return nil
}

// AppendTo appends the packet's text to dst. Attachments travel separately.
func (p *Packet) AppendTo(dst []byte) []byte {
	dst = append(dst, byte(p.Type))
	if p.binary() {
		dst = append(strconv.AppendInt(dst, int64(p.Attachments), 10), '-')
	}
	if p.Namespace != mainNamespace {
		dst = append(append(dst, p.Namespace...), ',')
	}
	if p.HasID {
		dst = strconv.AppendUint(dst, p.ID, 10)
	}
	return append(dst, p.Data...)
}

// reserved are names that stand for the life of a socket; a client that sends
// them as events is broken.
var reserved = []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}

// event splits the payload of an event into its name and arguments. A name may
// be a number, as in the reference implementation.
func (p *Packet) event() (name string, args []json.RawMessage, err error) {
	values, err := p.values()
	if err != nil {
		return "", nil, err
	}
	if len(values) == 0 {
		return "", nil, fmt.Errorf("%w: no event name", errPayload)
	}
	switch first := values[0]; {
	case first[0] == '"':
		if err := json.Unmarshal(first, &name); err != nil {
			return "", nil, fmt.Errorf("event name: %w", err)
		}
		if slices.Contains(reserved, name) {
			return "", nil, fmt.Errorf("%w: the event name %s is reserved", errPayload, name)
		}
	case first[0] == '-' || first[0] >= '0' && first[0] <= '9':
		name = string(first)
	default:
		return "", nil, fmt.Errorf("%w: the event name is no string", errPayload)
	}
	return name, values[1:], nil
}

// values splits a payload that is an array.
func (p *Packet) values() ([]json.RawMessage, error) {
	var values []json.RawMessage
	if err := json.Unmarshal(p.Data, &values); err != nil {
		return nil, fmt.Errorf("%w: %w", errPayload, err)
	}
	return values, nil
}
