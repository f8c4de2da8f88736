// Package record reads what the counter writes to Kafka, and nothing else of
// it: the checker's own decoders, written from the documented formats. It
// shares no code with the processor, so that a mistake there is not repeated
// here.
//
// It hides bytes and JSON behind plain values. Panes are numbers of aligned
// stretches of event time since the Unix epoch.
package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrMalformed says that bytes are not of the documented format.
var ErrMalformed = errors.New("malformed")

// Never is the least pane number there is: nothing has been reached yet.
const Never = -1 << 63

// Pane is the number of the pane that an instant lies in, both in
// milliseconds. It divides towards the past.
func Pane(ms, length int64) int64 {
	n := ms / length
	if ms%length < 0 {
		n--
	}
	return n
}

// First is the first pane of the window of n panes that a pane lies in.
func First(pane, n int64) int64 { return Pane(pane, n) * n }

// IsLike says whether the value of an ingestion record is a video id: 1 to 128
// bytes of UTF-8 without control characters. Anything else is a bad record.
func IsLike(value []byte) bool {
	if len(value) < 1 || len(value) > 128 || !utf8.Valid(value) {
		return false
	}
	for _, r := range string(value) {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return false
		}
	}
	return true
}

// Partition is the partition of n that Kafka's default partitioner chooses for
// a key.
func Partition(key string, n int) int {
	const m = 0x5bd1e995
	h := uint32(len(key)) ^ 0x9747b28c
	b := []byte(key)
	for len(b) >= 4 {
		k := binary.LittleEndian.Uint32(b) * m
		h = h*m ^ (k^k>>24)*m
		b = b[4:]
	}
	if len(b) > 0 {
		var tail [4]byte
		copy(tail[:], b)
		h = (h ^ binary.LittleEndian.Uint32(tail[:])) * m
	}
	h = (h ^ h>>13) * m
	return int((h^h>>15)&0x7fffffff) % n
}

// fields takes an encoding apart; a read beyond its end panics with
// errMalformed, which parse turns into an error.
type fields []byte

func parse(what string, value []byte, read func(*fields)) (err error) {
	defer func() {
		if r := recover(); r == any(ErrMalformed) {
			err = fmt.Errorf("%s of %d bytes: %w", what, len(value), ErrMalformed)
		} else if r != nil {
			panic(r)
		}
	}()
	f := fields(value)
	read(&f)
	f.must(len(f) == 0)
	return nil
}

func (f *fields) must(ok bool) {
	if !ok {
		panic(ErrMalformed)
	}
}

func (f *fields) bytes(n uint64) []byte {
	f.must(n <= uint64(len(*f)))
	b := (*f)[:n]
	*f = (*f)[n:]
	return b
}

func (f *fields) byte() byte { return f.bytes(1)[0] }

func (f *fields) unsigned() uint64 {
	v, n := binary.Uvarint(*f)
	f.must(n > 0)
	*f = (*f)[n:]
	return v
}

func (f *fields) signed() int64 {
	v, n := binary.Varint(*f)
	f.must(n > 0)
	*f = (*f)[n:]
	return v
}

func (f *fields) text() string { return string(f.bytes(f.unsigned())) }
