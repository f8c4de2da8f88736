package engineio

import (
	"net"
	"sync"
	"sync/atomic"
)

// Wire is a wire below nothing, for tests.
type Wire struct{ w wire }

// NewWire is a wire on a connection.
func NewWire(conn net.Conn) *Wire {
	buffers := &sync.Pool{New: func() any { return new([]byte) }}
	return &Wire{wire{Conn: conn, fd: descriptor(conn), in: new(atomic.Uint64), out: new(atomic.Uint64), buffers: buffers}}
}

// Descriptor is what Try writes to, or below 0.
func (w *Wire) Descriptor() int { return w.w.fd }

// Try is wire.try.
func (w *Wire) Try(p []byte) int { return w.w.try(p) }

// Close is wire.Close.
func (w *Wire) Close() error { return w.w.Close() }

// Cut is wire.cut.
func (w *Wire) Cut() { w.w.cut() }
