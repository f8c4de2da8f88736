package engineio

import (
	"io"
	"net/http"
	"time"
)

// servePost takes the packets of a POST.
func (s *Session) servePost(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	switch {
	case s.closed, s.link != nil:
		s.mu.Unlock()
		s.server.refuse(w, errBadRequest)
		return
	case s.posting:
		s.mu.Unlock()
		s.overlap(w)
		return
	}
	s.posting = true
	s.mu.Unlock()
	reason := s.readPost(w, r)
	s.mu.Lock()
	s.posting = false
	s.mu.Unlock()
	switch reason {
	case "":
		s.respond(w, []byte("ok"))
	case TransportClose:
		s.Close(reason)
		s.respond(w, []byte("ok"))
	case PayloadTooBig:
		s.Close(reason)
		s.server.refuse(w, errPayloadLarge)
	case Overloaded:
		s.Close(reason)
		s.server.refuse(w, errFull)
	default:
		s.Close(reason)
		s.server.refuse(w, errBadRequest)
	}
}

// readPost acts on the packets of the body, all or none where one of them is
// not well formed, and says why the session is to end, or "".
func (s *Session) readPost(w http.ResponseWriter, r *http.Request) Reason {
	cfg := &s.server.cfg
	if r.ContentLength > int64(cfg.MaxPayload) {
		return PayloadTooBig
	}
	// A body that trickles in must not outlive the session, whose heartbeat ends first.
	deadline := time.Now().Add(cfg.PingInterval + cfg.PingTimeout + closeTimeout)
	http.NewResponseController(w).SetReadDeadline(deadline)
	body, err := s.server.readBounded(io.LimitReader(r.Body, int64(cfg.MaxPayload)+1))
	if err != nil {
		return readReason(err)
	}
	http.NewResponseController(w).SetReadDeadline(time.Time{})
	s.server.counters.bytesIn.Add(uint64(len(body)))
	packets, err := ParsePayload(body)
	if err != nil {
		return ParseError
	}
	for _, p := range packets {
		if reason := s.packet(p); reason != "" {
			return reason
		}
		if s.ended() {
			break
		}
	}
	return ""
}
