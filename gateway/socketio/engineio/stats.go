package engineio

import (
	"maps"
	"sync"
	"sync/atomic"
)

// counters counts since the server was made.
type counters struct {
	opened, coalesced     atomic.Uint64
	packetsIn, packetsOut atomic.Uint64
	bytesIn, bytesOut     atomic.Uint64

	mu        sync.Mutex // guards the maps
	byReason  map[Reason]uint64
	byRefusal map[string]uint64
}

func (c *counters) closed(r Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byReason == nil {
		c.byReason = make(map[Reason]uint64)
	}
	c.byReason[r]++
}

func (c *counters) refused(message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byRefusal == nil {
		c.byRefusal = make(map[string]uint64)
	}
	c.byRefusal[message]++
}

// Stats is what a server has done and has now.
type Stats struct {
	Sessions int   // live
	Pending  int   // of these, not established
	Queued   int64 // bytes for clients that have not been written

	Opened    uint64
	Closed    map[Reason]uint64 // by why they ended
	Refused   map[string]uint64 // requests answered with an error, by its message
	Coalesced uint64            // messages that a newer one of their key replaced in a queue

	PacketsIn, PacketsOut uint64
	BytesIn, BytesOut     uint64 // of WebSockets as on the network, of polling as in bodies
}

// Stats reads the counters. The caller owns the maps.
func (s *Server) Stats() Stats {
	c := &s.counters
	stats := Stats{
		Opened:     c.opened.Load(),
		Queued:     s.queued.Load(),
		Coalesced:  c.coalesced.Load(),
		PacketsIn:  c.packetsIn.Load(),
		PacketsOut: c.packetsOut.Load(),
		BytesIn:    c.bytesIn.Load(),
		BytesOut:   c.bytesOut.Load(),
	}
	c.mu.Lock()
	stats.Closed, stats.Refused = maps.Clone(c.byReason), maps.Clone(c.byRefusal)
	c.mu.Unlock()
	s.mu.Lock()
	stats.Sessions, stats.Pending = s.live, s.pending
	s.mu.Unlock()
	return stats
}
