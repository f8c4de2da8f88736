package engineio

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

// Receiver is the application's end of one session. Its methods are called one
// at a time.
type Receiver interface {
	// Receive takes a message from the client; data may be kept. Text is valid
	// UTF-8. While it runs nothing more is read from this client. An error says
	// that the message cannot be decoded and ends the session with ParseError.
	Receive(binary bool, data []byte) error
	// Closed is called once, after everything else, with why the session ended.
	Closed(Reason)
}

// Server serves Engine.IO on whatever path it is mounted. Use New.
type Server struct {
	cfg      Config
	upgrader websocket.Upgrader
	ping     *Message
	counters counters
	reading  atomic.Int64 // bytes of messages half read, see Config.MaxReadBytes
	queued   atomic.Int64 // bytes of messages for clients, see Config.MaxQueuedBytes

	writeBuffers sync.Pool      // of *[]byte, see wire
	running      sync.WaitGroup // sessions and their goroutines

	mu        sync.Mutex // guards what follows; nothing is called while it is held
	closing   bool
	sessions  map[string]*Session // by sid; for a moment also ended ones, see Session.last
	addresses map[string]int      // sessions by client address
	live      int
	pending   int // live sessions not established
}

// New returns a Server that starts nothing until requests come. It panics when
// cfg.Open is missing.
func New(cfg Config) *Server {
	if cfg.Open == nil {
		panic("engineio: Config.Open is nil")
	}
	s := &Server{
		cfg:       cfg.withDefaults(),
		ping:      control(TypePing, ""),
		sessions:  make(map[string]*Session),
		addresses: make(map[string]int),
	}
	s.ping.share()
	s.writeBuffers.New = func() any { return new([]byte) }
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout:  s.cfg.WriteTimeout,
		ReadBufferSize:    readBuffer,
		WriteBufferPool:   new(sync.Pool), // a client holds a buffer only while a frame is made
		EnableCompression: true,
		CheckOrigin:       func(*http.Request) bool { return true }, // allowOrigin was asked
		Error: func(w http.ResponseWriter, _ *http.Request, _ int, _ error) {
			s.refuse(w, errBadRequest)
		},
	}
	return s
}

// ServeHTTP answers polling requests, and takes WebSockets over. It returns at
// once for a WebSocket and by the next ping for a GET.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if sid := r.URL.Query().Get("sid"); s.foreign(sid) && s.cfg.Foreign(w, r, sid) {
		return // before anything is said here: headers are the other server's, too
	}
	if !s.allowOrigin(w, r) {
		s.refuse(w, errForbidden)
		return
	}
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	query := r.URL.Query()
	transport, sid := query.Get("transport"), query.Get("sid")
	upgrade := websocket.IsWebSocketUpgrade(r)
	switch {
	case transport != "polling" && transport != "websocket":
		s.refuse(w, errTransport)
	case query.Get("EIO") != "4":
		s.refuse(w, errProtocol)
	case upgrade != (transport == "websocket"):
		s.refuse(w, errBadRequest)
	case query.Has("sid"):
		s.serveSession(w, r, sid)
	case r.Method != http.MethodGet:
		s.refuse(w, errMethod)
	case upgrade:
		s.openWebSocket(w, r)
	default:
		s.openPolling(w, r)
	}
}

// foreign reports whether a sid may be known to another server.
func (s *Server) foreign(sid string) bool {
	return sid != "" && s.cfg.Foreign != nil && !strings.HasPrefix(sid, s.cfg.Replica)
}

// serveSession serves a request that names a session.
func (s *Server) serveSession(w http.ResponseWriter, r *http.Request, sid string) {
	s.mu.Lock()
	session := s.sessions[sid]
	s.mu.Unlock()
	switch {
	case session == nil:
		s.refuse(w, errSession)
	case websocket.IsWebSocketUpgrade(r):
		s.upgradeSession(w, r, session)
	case r.Method == http.MethodGet:
		session.servePoll(w, r)
	case r.Method == http.MethodPost:
		session.servePost(w, r)
	default:
		s.refuse(w, errBadRequest)
	}
}

// admit makes room for a session of this client and returns it, or why not. The
// caller starts it, or releases it.
func (s *Server) admit(r *http.Request) (*Session, *refusal) {
	var random [15]byte
	rand.Read(random[:])
	session := &Session{
		server:    s,
		id:        s.cfg.Replica + base64.RawURLEncoding.EncodeToString(random[:]),
		address:   s.cfg.ClientAddress(r),
		receiving: newTurn(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing, s.live >= s.cfg.MaxSessions, s.pending >= s.cfg.MaxPending:
		return nil, &errFull
	case s.cfg.MaxPerAddress > 0 && s.addresses[session.address] >= s.cfg.MaxPerAddress:
		return nil, &errAddress
	}
	s.live++
	s.pending++
	s.addresses[session.address]++
	s.running.Add(1)
	return session, nil
}

// register makes the sid known, unless the server is closing.
func (s *Server) register(session *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.sessions[session.id] = session
	return true
}

// release gives back what admit took; pending says whether the session never
// was established.
func (s *Server) release(session *Session, pending bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live--
	if pending {
		s.pending--
	}
	if s.addresses[session.address]--; s.addresses[session.address] == 0 {
		delete(s.addresses, session.address)
	}
}

// forget makes the sid unknown.
func (s *Server) forget(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session.id)
}

// countPending moves a session between pending and established.
func (s *Server) countPending(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending += change
}

// Close refuses new sessions, ends all there are with ServerShutdown and waits
// until their goroutines are gone, or ctx is done; then it returns ctx's error.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	sessions := make([]*Session, 0, len(s.sessions))
	for _, session := range s.sessions {
		sessions = append(sessions, session)
	}
	s.mu.Unlock()
	for _, session := range sessions {
		session.Close(ServerShutdown)
	}
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
