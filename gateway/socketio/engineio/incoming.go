package engineio

import (
	"fmt"
	"time"
)

// heartbeat sends a ping, or finds that the last one was not answered.
func (s *Session) heartbeat() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	late := s.awaiting
	if !late {
		// By the schedule, not by when we come to it; yet our own delay leaves the
		// client half of its time.
		timeout := s.server.cfg.PingTimeout
		s.awaiting = true
		s.due = s.due.Add(timeout)
		if least := time.Now().Add(timeout / 2); s.due.Before(least) {
			s.due = least
		}
		s.beat.Reset(time.Until(s.due))
	}
	s.mu.Unlock()
	if late {
		s.Close(PingTimeout)
		return
	}
	s.Send(s.server.ping)
}

// overdue reports whether the time for the pong is over, though the timer may
// not have fired yet. The caller holds mu.
func (s *Session) overdue() bool {
	return s.awaiting && !time.Now().Before(s.due)
}

func (s *Session) pong() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.awaiting && !s.closed {
		s.awaiting = false
		s.due = time.Now().Add(s.server.cfg.PingInterval)
		s.beat.Reset(s.server.cfg.PingInterval)
	}
}

// packet acts on a packet from the client, and reports why the session is to
// end, or "".
func (s *Session) packet(p Packet) Reason {
	s.server.counters.packetsIn.Add(1)
	if !s.allow() {
		return TooManyPackets
	}
	switch p.Type {
	case TypePong:
		s.pong()
	case TypeClose:
		return TransportClose
	case TypePing: // in this version of the protocol only the server pings
		return ParseError
	case TypeMessage:
		if err := s.receive(p); err != nil {
			return ParseError
		}
	}
	return "" // open, upgrade and noop mean nothing here
}

func (s *Session) receive(p Packet) error {
	s.receiving.take()
	defer s.receiving.give()
	if s.ended() {
		return nil
	}
	if err := s.receiver.Receive(p.Binary, p.Data); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	return nil
}

func (s *Session) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// allow takes a token for a packet from the client.
func (s *Session) allow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bucket.take(s.server.cfg.PacketRate, s.server.cfg.PacketBurst)
}

// bucket bounds a rate: it fills with rate tokens a second up to burst.
type bucket struct {
	tokens float64
	at     time.Time
}

func (b *bucket) take(rate, burst int) bool {
	now := time.Now()
	b.tokens = min(float64(burst), b.tokens+now.Sub(b.at).Seconds()*float64(rate))
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
