package engineio

import (
	"encoding/json"
	"sync"
	"time"
)

// Session is one client, on whichever transport it is. All methods may be
// called by anybody at any time, also from within a Receiver.
//
// What a message to a client that reads needs comes first, as in wire.
type Session struct {
	mu      sync.Mutex // guards what comes after receiving too; nothing that can block is called while it is held
	server  *Server
	link    *link // the WebSocket; nil while polling; guarded by mu, as the next three are
	writing bool  // a goroutine writes to the link
	closed  bool
	out     outbox

	id       string
	address  string
	receiver Receiver

	receiving turn // held while the application is called; taken before mu, never after

	probe       *link         // a WebSocket on its way to be the link
	probing     bool          // a WebSocket with this sid is open and not yet the link
	probed      bool          // and has been answered; GETs are ended
	poll        chan struct{} // wakes the pending GET; nil when there is none
	posting     bool          // a POST is being read
	reason      Reason
	last        string // what one more GET is told after the end
	established bool
	awaiting    bool        // a ping has not been answered
	due         time.Time   // of the next ping, or of its pong
	beat        *time.Timer // fires then
	connect     *time.Timer // ConnectTimeout; stopped once established
	bucket      bucket
}

// turn is a lock to wait for while the application does what it likes. Unlike a
// mutex it is a channel, which fake time knows of: a session that ends while its
// Receiver sleeps does not stop the clock that is to wake it.
type turn chan struct{}

func newTurn() turn  { return make(turn, 1) }
func (t turn) take() { t <- struct{}{} }
func (t turn) give() { <-t }

// start begins the session, on l or polling. What ends it meanwhile waits until
// there is a Receiver to tell.
func (s *Session) start(l *link) {
	cfg := &s.server.cfg
	s.receiving.take()
	defer s.receiving.give()
	s.mu.Lock()
	s.link = l
	s.bucket = bucket{tokens: float64(cfg.PacketBurst), at: time.Now()}
	s.due = time.Now().Add(cfg.PingInterval)
	s.beat = time.AfterFunc(cfg.PingInterval, s.heartbeat)
	s.connect = time.AfterFunc(cfg.ConnectTimeout, s.connectLate)
	s.mu.Unlock()
	s.receiver = cfg.Open(s)
	s.server.counters.opened.Add(1)
	if !s.server.register(s) {
		s.Close(ServerShutdown)
	}
}

// connectLate ends a session that still is not established.
func (s *Session) connectLate() {
	s.mu.Lock()
	established := s.established
	s.mu.Unlock()
	if !established {
		s.Close(ConnectTimeout)
	}
}

// handshake is the open packet.
func (s *Session) handshake(upgrades ...string) *Message {
	cfg := &s.server.cfg
	data, err := json.Marshal(map[string]any{
		"sid":          s.id,
		"upgrades":     append([]string{}, upgrades...),
		"pingInterval": cfg.PingInterval.Milliseconds(),
		"pingTimeout":  cfg.PingTimeout.Milliseconds(),
		"maxPayload":   cfg.MaxPayload,
	})
	if err != nil {
		panic("marshal of strings and numbers: " + err.Error())
	}
	return control(TypeOpen, string(data))
}

// ID is the session's sid. It lets whoever knows it speak for the client.
func (s *Session) ID() string { return s.id }

// Address is the client's, as Config.ClientAddress told it.
func (s *Session) Address() string { return s.address }

// MaxPayload is Config.MaxPayload, in bytes.
func (s *Session) MaxPayload() int { return s.server.cfg.MaxPayload }

// Send queues m and never waits. After the end it does nothing; a queue that
// runs over ends the session with SlowClient.
func (s *Session) Send(m *Message) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	if s.direct(m) {
		s.mu.Unlock()
		return
	}
	replaced, ok := s.queue(m)
	if ok {
		s.deliver()
	}
	s.mu.Unlock()
	switch {
	case !ok:
		s.Close(SlowClient)
	case replaced:
		s.server.counters.coalesced.Add(1)
	}
}

// deliver sees to it that somebody takes what is queued, or sees the end. The
// caller holds mu.
func (s *Session) deliver() {
	switch {
	case s.link != nil && !s.writing:
		s.writing = true
		s.server.running.Add(1)
		go s.write(s.link)
	case s.link == nil:
		s.wake()
	}
}

// Establish says whether the client has proved itself to the application. A
// session that is not established ends after Config.ConnectTimeout and counts
// against Config.MaxPending.
func (s *Session) Establish(yes bool) {
	s.mu.Lock()
	if s.closed || s.established == yes {
		s.mu.Unlock()
		return
	}
	s.established = yes
	if yes {
		s.connect.Stop()
	} else {
		s.connect.Reset(s.server.cfg.ConnectTimeout)
	}
	s.mu.Unlock()
	if yes {
		s.server.countPending(-1)
	} else {
		s.server.countPending(1)
	}
}

// Go calls f on a goroutine of its own while the Receiver is not being called.
// Server.Close waits for it. After the end f may run or not.
func (s *Session) Go(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.server.running.Add(1)
	go func() {
		defer s.server.running.Done()
		s.receiving.take()
		defer s.receiving.give()
		f()
	}()
}

// Close ends the session for this reason, unless it has ended. It does not
// wait; the Receiver is told from another goroutine.
func (s *Session) Close(reason Reason) {
	how := reason.ending()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed, s.reason, s.last = true, reason, how.last
	pending := !s.established
	s.beat.Stop()
	s.connect.Stop()
	if !how.flush || s.link == nil { // a GET is only told that the session has ended
		s.discard()
	}
	if s.probe != nil {
		s.probe.wire.cut()
	}
	if s.link != nil {
		s.link.end(how.abort)
	}
	s.deliver()
	lingers := s.link == nil && s.last != ""
	s.mu.Unlock()

	if !lingers {
		s.server.forget(s)
	} else {
		time.AfterFunc(linger, func() { s.server.forget(s) })
	}
	s.server.release(s, pending)
	s.server.counters.closed(reason)
	go func() {
		defer s.server.running.Done()
		s.receiving.take()
		defer s.receiving.give()
		s.receiver.Closed(reason)
	}()
}
