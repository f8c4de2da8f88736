package hostile

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
)

// First bytes of a frame.
const (
	last       = 0x80 // no fragment follows
	compressed = 0x40
	opMore     = 0x00 // a fragment goes on
	opText     = 0x01
	opBinary   = 0x02
)

// frame makes a frame with a mask of zeros, under which everything is what it was.
func frame(first byte, payload []byte) []byte {
	return append(header(first, len(payload)), payload...)
}

func header(first byte, size int) []byte {
	const masked = 0x80
	b := []byte{first}
	switch {
	case size < 126:
		b = append(b, masked|byte(size))
	case size < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, masked|126), uint16(size))
	default:
		b = binary.BigEndian.AppendUint64(append(b, masked|127), uint64(size))
	}
	return append(b, 0, 0, 0, 0)
}

// text is a packet of Engine.IO as a whole frame.
func text(packet string) []byte { return frame(last|opText, []byte(packet)) }

// announce is the header of a frame of which nothing follows.
func announce(size int) []byte { return header(last|opText, size) }

// bomb is a small message that becomes one of size bytes.
func bomb(size int) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic("hostile: a level of package flate: " + err.Error())
	}
	_, _ = w.Write(append([]byte("4"), make([]byte, size)...)) // to memory, which takes everything
	_ = w.Flush()
	return frame(last|compressed|opText, bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff}))
}

// badPackets are what cannot be decoded, on each of the three layers.
func badPackets() [][]byte {
	return [][]byte{
		text("x"), // no type of Engine.IO
		frame(last|opText, nil),
		frame(last|opText, []byte{'4', 0xff}), // no UTF-8
		text("49"),                            // no type of Socket.IO
		text(`42["register_room",`),           // no JSON
		text(`42{}`),                          // no event
		text("40"),                            // entered twice
		frame(last|opBinary, []byte{1}),       // that nobody announced
		append(text(`451-["x",{"_placeholder":true,"num":7}]`), frame(last|opBinary, []byte{1})...),
		{last | opText, 1, '3'},              // without a mask
		frame(last|0x03, []byte("3")),        // an opcode of no meaning
		frame(last|opMore, []byte("3")),      // goes on with nothing
		frame(last|0x20|opText, []byte("3")), // a reserved bit
	}
}
