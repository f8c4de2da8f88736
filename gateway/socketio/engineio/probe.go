package engineio

import (
	"net/http"
	"time"
)

// probeWord is what a probing ping and its pong carry.
const probeWord = "probe"

// upgradeSession moves a polling session to this WebSocket:
//
//	client   opens with the sid   2probe          5
//	                │               │  ▲          │
//	session  polling│        probing│  │3probe    │ link
//	                ▼               ▼  │          ▼
//	GETs            as ever         end with noop   400
//
// What fails before the upgrade packet leaves the session polling. A second
// WebSocket for one session is closed, as the protocol has it.
func (s *Server) upgradeSession(w http.ResponseWriter, r *http.Request, session *Session) {
	claimed := session.claim()
	l, err := s.upgrade(w, r)
	switch {
	case err != nil && claimed:
		session.unclaim()
		return
	case err != nil:
		return
	case !claimed:
		l.close(Overlap)
		return
	}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		if !session.handOver(l) {
			session.unclaim()
			l.close(ParseError)
			return
		}
		session.Close(session.read(l))
	}()
}

// claim begins an upgrade, unless there is one or was one. A claimed session
// that is closed keeps the server waiting until unclaim or the link's end.
func (s *Session) claim() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.link != nil || s.probing {
		return false
	}
	s.probing = true
	s.server.running.Add(1)
	return true
}

// unclaim ends an upgrade that was not completed.
func (s *Session) unclaim() {
	s.mu.Lock()
	s.probing, s.probed, s.probe = false, false, nil
	s.mu.Unlock()
	s.server.running.Done()
}

// handOver leads an upgrade and reports whether the session is on l now.
func (s *Session) handOver(l *link) bool {
	cfg := &s.server.cfg
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return false
	}
	s.probe = l
	s.mu.Unlock()
	l.wire.SetReadDeadline(time.Now().Add(cfg.UpgradeTimeout))
	l.ws.SetPingHandler(func(string) error { return nil })

	p, reason := s.server.readPacket(l)
	if reason != "" || p.Type != TypePing || string(p.Data) != probeWord {
		return false
	}
	answer := []*Message{control(TypePong, probeWord)}
	if err := s.server.writeBatch(l, answer, closeTimeout); err != nil {
		return false
	}
	s.mu.Lock()
	s.probed = true
	s.wake()
	s.mu.Unlock()

	p, reason = s.server.readPacket(l)
	if reason != "" || p.Type != TypeUpgrade {
		return false
	}
	return s.adopt(l)
}

// adopt makes l the session's transport.
func (s *Session) adopt(l *link) bool {
	l.wire.SetReadDeadline(time.Time{})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.posting {
		return false
	}
	s.link, s.probe, s.probing, s.probed = l, nil, false, false
	s.wake()
	if !s.out.empty() {
		s.deliver()
	}
	s.server.running.Done() // what claim took; the reader has its own
	return true
}

// wake makes the pending GET look again. The caller holds mu.
func (s *Session) wake() {
	if s.poll == nil {
		return
	}
	select {
	case s.poll <- struct{}{}:
	default:
	}
}
