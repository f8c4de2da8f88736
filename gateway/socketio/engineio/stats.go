package engineio

import (
	"maps"
	"sync"
	"sync/atomic"
)

// counters counts since the server was made.
type counters struct {
	opened, coalesced atomic.Uint64
	packetsIn         atomic.Uint64
	bytesIn           atomic.Uint64
	out               [outShards]sent
	links             atomic.Uint64 // so many shards were given out

	mu        sync.Mutex // guards the maps
	byReason  map[Reason]uint64
	byRefusal map[string]uint64
}

// sent counts what left. There are several, as those who send to a room do so at
// the same time: with one, each would wait for the other's processor to let go
// of it.
type sent struct {
	packets, bytes atomic.Uint64
	_              [48]byte // with them, a line of a processor's cache
}

const outShards = 16

// shard is where a new link counts.
func (c *counters) shard() *sent { return &c.out[c.links.Add(1)%outShards] }

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
		Opened:    c.opened.Load(),
		Queued:    s.queued.Load(),
		Coalesced: c.coalesced.Load(),
		PacketsIn: c.packetsIn.Load(),
		BytesIn:   c.bytesIn.Load(),
	}
	for i := range c.out {
		stats.PacketsOut += c.out[i].packets.Load()
		stats.BytesOut += c.out[i].bytes.Load()
	}
	c.mu.Lock()
	stats.Closed, stats.Refused = maps.Clone(c.byReason), maps.Clone(c.byRefusal)
	c.mu.Unlock()
	s.mu.Lock()
	stats.Sessions, stats.Pending = s.live, s.pending
	s.mu.Unlock()
	return stats
}
