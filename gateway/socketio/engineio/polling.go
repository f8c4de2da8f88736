package engineio

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// openPolling begins a session with a GET.
func (s *Server) openPolling(w http.ResponseWriter, r *http.Request) {
	session, refused := s.admit(r)
	if refused != nil {
		s.refuse(w, *refused)
		return
	}
	session.start(nil)
	session.answer(w, []*Message{session.handshake("websocket")})
}

// servePoll answers a GET: with what is queued, or once something is.
func (s *Session) servePoll(w http.ResponseWriter, r *http.Request) {
	wake := make(chan struct{}, 1)
	s.mu.Lock()
	switch {
	case s.closed:
		last := s.last
		s.last = "" // only one GET is told
		s.mu.Unlock()
		s.farewell(w, last)
		return
	case s.link != nil:
		s.mu.Unlock()
		s.server.refuse(w, errBadRequest)
		return
	case s.poll != nil:
		s.mu.Unlock()
		s.overlap(w)
		return
	}
	s.poll = wake
	early := !s.probing // the upgrade, if one begins, ends this GET
	s.mu.Unlock()

	s.await(w, r, early)
}

// overlap ends a session whose client has two requests of a kind under way. The
// first of two GETs is told to close.
func (s *Session) overlap(w http.ResponseWriter) {
	s.Close(Overlap)
	s.server.refuse(w, errBadRequest)
}

// What a GET's wait can end with.
const (
	pollWaits = iota
	pollBatch
	pollNoop
	pollLast
	pollMoved
)

// await answers the GET that holds s.poll when there is something to say.
func (s *Session) await(w http.ResponseWriter, r *http.Request, early bool) {
	var noop <-chan time.Time
	due := early // whether a probe ends this GET now
	for {
		s.mu.Lock()
		wake := s.poll
		outcome := s.look(due)
		var batch []*Message
		last := s.last
		switch outcome {
		case pollWaits:
			if s.probed && noop == nil {
				noop = time.After(noopDelay)
			}
		case pollBatch:
			batch = s.out.take(batchBytes)
		case pollLast:
			s.last = ""
		}
		if outcome != pollWaits {
			s.poll = nil
		}
		s.mu.Unlock()

		switch outcome {
		case pollBatch:
			s.answer(w, batch)
			return
		case pollNoop:
			s.answer(w, []*Message{control(TypeNoop, "")})
			return
		case pollLast:
			s.farewell(w, last)
			return
		case pollMoved:
			if early {
				s.answer(w, []*Message{control(TypeNoop, "")})
			} else {
				s.server.refuse(w, errBadRequest)
			}
			return
		}
		select {
		case <-wake:
		case <-noop:
			due = true
		case <-r.Context().Done():
			s.Close(TransportClose)
			return
		}
	}
}

// look says what the pending GET can be answered. The caller holds mu.
func (s *Session) look(due bool) int {
	switch {
	case s.closed:
		return pollLast
	case s.link != nil:
		return pollMoved
	case !s.out.empty():
		return pollBatch
	case s.probed && due:
		return pollNoop
	}
	return pollWaits
}

// answer writes messages as the payload of a GET.
func (s *Session) answer(w http.ResponseWriter, batch []*Message) {
	var payload []byte
	for _, m := range batch {
		payload = m.appendTo(payload)
		s.server.counters.packetsOut.Add(uint64(len(m.parts)))
	}
	if err := s.respond(w, payload); err != nil {
		s.Close(TransportError) // what was taken from the queue is lost
	}
}

// farewell answers the last GET of a session that has ended.
func (s *Session) farewell(w http.ResponseWriter, last string) {
	if last == "" {
		s.server.refuse(w, errSession)
		return
	}
	s.server.forget(s)
	s.respond(w, []byte(last))
}

// respond writes a 200, for no longer than Config.WriteTimeout. The deadline is
// taken back, as the connection may go on to serve others.
func (s *Session) respond(w http.ResponseWriter, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	control.SetWriteDeadline(time.Now().Add(s.server.cfg.WriteTimeout))
	n, err := w.Write(body)
	s.server.counters.bytesOut.Add(uint64(n))
	if err != nil {
		return err
	}
	if err := control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	control.SetWriteDeadline(time.Time{})
	return nil
}

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
