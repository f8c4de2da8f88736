package engineio

// leastShare is what a client may queue however much others do, in bytes: some
// messages of a client that reads.
const leastShare = 4 << 10

// queue puts m into the session's queue. The caller holds mu.
func (s *Session) queue(m *Message) (replaced, ok bool) {
	before := s.out.size
	replaced, ok = s.out.put(m, s.server.queueBounds())
	s.server.queued.Add(int64(s.out.size - before))
	return replaced, ok
}

// queueBounds are those of one client, now. While all of them together queue
// more than they may, none gets more than its share, of all that there may be:
// those who hold much are dropped as soon as they are sent more, and those who
// read do not notice.
func (s *Server) queueBounds() bounds {
	b := bounds{s.cfg.MaxQueue, s.cfg.MaxQueueBytes}
	if s.queued.Load() > s.cfg.MaxQueuedBytes {
		share := int(s.cfg.MaxQueuedBytes / int64(s.cfg.MaxSessions))
		b.bytes = min(b.bytes, max(leastShare, share))
	}
	return b
}

// discard empties the queue. The caller holds mu.
func (s *Session) discard() {
	s.server.queued.Add(-int64(s.out.size))
	s.out.clear()
}

// sent is told of messages that were taken from a queue and are held no more.
func (s *Server) sent(batch []*Message) {
	size := 0
	for _, m := range batch {
		size += m.size
	}
	s.queued.Add(-int64(size))
}
