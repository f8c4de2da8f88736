package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Type is the kind of a packet, the digit it begins with on the wire.
type Type byte

// The seven packet types of the protocol.
const (
	TypeOpen    Type = '0' // the handshake, from the server
	TypeClose   Type = '1' // the transport can be closed
	TypePing    Type = '2' // heartbeat from the server, or the client's probe
	TypePong    Type = '3' // the answer to a ping
	TypeMessage Type = '4' // a payload of the application
	TypeUpgrade Type = '5' // the client completes the upgrade
	TypeNoop    Type = '6' // ends a pending GET during the upgrade
)

// separator stands between the packets of a payload.
const separator = 0x1e

// binaryMark stands in a payload where the type would, before base64.
const binaryMark = 'b'

// What makes a packet undecodable.
var (
	errEmptyPacket = errors.New("empty packet")
	errPacketType  = errors.New("unknown packet type")
	errNotText     = errors.New("text that is not UTF-8")
)

// Packet is one Engine.IO packet. Its form on the wire:
//
//	text      ┌──────┬───────────────┐
//	          │ type │ data, UTF-8   │   type: one ASCII digit, 0 to 6
//	          └──────┴───────────────┘
//	binary, in a WebSocket frame     ┌───────────────┐
//	                                 │ data          │   always a message
//	                                 └───────────────┘
//	binary, in a payload      ┌─────┬────────────────┐
//	                          │ 'b' │ base64 of data │
//	                          └─────┴────────────────┘
type Packet struct {
	Type   Type
	Binary bool // only with TypeMessage
	Data   []byte
}

// ParsePacket reads a text packet. The result shares text's memory.
func ParsePacket(text []byte) (Packet, error) {
	if len(text) == 0 {
		return Packet{}, errEmptyPacket
	}
	t := Type(text[0])
	if t < TypeOpen || t > TypeNoop {
		return Packet{}, fmt.Errorf("%w %q", errPacketType, text[0])
	}
	if !utf8.Valid(text) {
		return Packet{}, errNotText
	}
	return Packet{Type: t, Data: text[1:]}, nil
}

// ParsePayload reads the packets of a POST's body: text packets and base64
// ones, separated by 0x1e. Either all of them are well formed or there is an
// error. Text shares body's memory.
func ParsePayload(body []byte) ([]Packet, error) {
	packets := make([]Packet, 0, bytes.Count(body, []byte{separator})+1)
	for {
		piece, rest, more := bytes.Cut(body, []byte{separator})
		p, err := parsePiece(piece)
		if err != nil {
			return nil, fmt.Errorf("packet %d of the payload: %w", len(packets), err)
		}
		packets = append(packets, p)
		if !more {
			return packets, nil
		}
		body = rest
	}
}

func parsePiece(piece []byte) (Packet, error) {
	if len(piece) == 0 || piece[0] != binaryMark {
		return ParsePacket(piece)
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(piece)-1))
	n, err := base64.StdEncoding.Decode(data, piece[1:])
	if err != nil {
		return Packet{}, fmt.Errorf("base64: %w", err)
	}
	return Packet{Type: TypeMessage, Binary: true, Data: data[:n]}, nil
}

// AppendPayload appends p to a payload, after a separator where dst already
// holds a packet. Text must not contain 0x1e; JSON never does.
func AppendPayload(dst []byte, p Packet) []byte {
	if len(dst) > 0 {
		dst = append(dst, separator)
	}
	if p.Binary {
		return base64.StdEncoding.AppendEncode(append(dst, binaryMark), p.Data)
	}
	return append(append(dst, byte(p.Type)), p.Data...)
}
