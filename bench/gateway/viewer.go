package main

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"syscall"
)

// viewer is a WebSocket of which only as much is understood as a measurement
// needs: whole frames of text, not masked and not compressed.
type viewer struct {
	fd    int
	rest  []byte // the beginning of a frame
	video int
	seen  int // likes
}

// read reads once, tells of the events, and reports whether the connection
// lasts.
func (v *viewer) read(buffer []byte, event func(v *viewer, total int)) bool {
	begun := copy(buffer, v.rest)
	n, err := syscall.Read(v.fd, buffer[begun:])
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return true
	}
	if err != nil || n <= 0 {
		return false
	}
	left := buffer[:begun+n]
	for {
		payload, rest, whole := frame(left)
		if !whole {
			break
		}
		left = rest
		if string(payload) == "2" && !v.pong() {
			return false
		}
		if total, is := totalOf(payload); is {
			event(v, total)
		}
	}
	v.rest = append(v.rest[:0], left...)
	return true
}

// frame cuts the first frame off.
func frame(b []byte) (payload, rest []byte, whole bool) {
	const short, medium = 125, 126
	if len(b) < 3 { // an empty frame is not sent
		return nil, b, false
	}
	size, head := int(b[1]), 2
	if size == medium && len(b) >= 4 {
		size, head = int(binary.BigEndian.Uint16(b[2:])), 4
	} else if size > short {
		return nil, b, false // longer than anything here
	}
	if len(b) < head+size {
		return nil, b, false
	}
	return b[head : head+size], b[head+size:], true
}

// totalOf finds the total in an event of running counts.
func totalOf(payload []byte) (int, bool) {
	_, rest, is := bytes.Cut(payload, []byte(`"total":`))
	digits, _, ends := bytes.Cut(rest, []byte{','})
	total, err := strconv.Atoi(string(digits))
	return total, is && ends && err == nil
}

// pong answers a ping of Engine.IO.
func (v *viewer) pong() bool {
	masked := []byte{0x81, 0x81, 0, 0, 0, 0, '3'}
	_, err := syscall.Write(v.fd, masked)
	return err == nil
}
