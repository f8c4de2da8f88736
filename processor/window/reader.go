package window

import (
	"encoding/binary"
	"math"
)

// reader takes an encoding apart. The first fault sticks, and everything read
// after it is zero, so that a parser checks once, at its end.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = errCorrupt
	}
	r.b = nil
}

// end is the error so far, or errCorrupt where bytes are left over.
func (r *reader) end() error {
	if len(r.b) > 0 {
		r.fail()
	}
	return r.err
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail()
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// offset is a uvarint that is a Kafka offset: at most the greatest int64.
func (r *reader) offset() int64 {
	v := r.uvarint()
	if v > math.MaxInt64 {
		r.fail()
		return 0
	}
	return int64(v)
}

// bytes is a uvarint length, of at most max, and as many bytes; they stay in
// the encoding and are not copied.
func (r *reader) bytes(max int) []byte {
	n := r.uvarint()
	if n > uint64(max) {
		r.fail()
		return nil
	}
	return r.take(int(n))
}

func (r *reader) copy(dst []byte) {
	if copy(dst, r.take(len(dst))) != len(dst) {
		r.fail()
	}
}

func appendBytes[T ~string | ~[]byte](dst []byte, b T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}
