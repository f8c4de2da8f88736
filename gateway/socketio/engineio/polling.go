package engineio

import (
	"errors"
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
	case s.overdue():
		s.mu.Unlock()
		s.Close(PingTimeout)
		s.server.refuse(w, errSession)
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

// What a pending GET can be answered.
const (
	pollWaits = iota // nothing yet
	pollBatch        // messages
	pollNoop         // that an upgrade ends it
	pollLast         // that the session has ended
	pollMoved        // that the session is on a WebSocket
)

// polled is what a look at the session found for the pending GET.
type polled struct {
	outcome int
	batch   []*Message
	last    string
	probed  bool
	wake    <-chan struct{}
}

// await answers the GET that holds s.poll when there is something to say. One
// that was there before the probe is ended by it at once; one that came later
// has a moment for the upgrade to complete.
func (s *Session) await(w http.ResponseWriter, r *http.Request, early bool) {
	var noop <-chan time.Time
	due := early
	for {
		found := s.look(due)
		if found.outcome != pollWaits {
			s.tell(w, found, early)
			return
		}
		if found.probed && noop == nil {
			noop = time.After(noopDelay)
		}
		select {
		case <-found.wake:
		case <-noop:
			due = true
		case <-r.Context().Done():
			s.Close(TransportClose)
			return
		}
	}
}

// look takes what there is for the pending GET; then it is pending no more. A
// probe ends it when due.
func (s *Session) look(due bool) polled {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := polled{probed: s.probed, wake: s.poll}
	switch {
	case s.closed:
		found.outcome, found.last = pollLast, s.last
		s.last = "" // only one GET is told
	case s.link != nil:
		found.outcome = pollMoved
	case !s.out.empty():
		found.outcome, found.batch = pollBatch, s.out.take(batchBytes)
	case s.probed && due:
		found.outcome = pollNoop
	default:
		return found
	}
	s.poll = nil
	return found
}

// tell writes what was found.
func (s *Session) tell(w http.ResponseWriter, found polled, early bool) {
	switch {
	case found.outcome == pollBatch:
		s.answer(w, found.batch)
		s.server.sent(found.batch)
	case found.outcome == pollLast:
		s.farewell(w, found.last)
	case found.outcome == pollNoop, early: // moved, and the upgrade ends what was there before
		s.answer(w, []*Message{control(TypeNoop, "")})
	default:
		s.server.refuse(w, errBadRequest)
	}
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
