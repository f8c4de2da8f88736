package replicas

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What does not need a setting.
const (
	nameLength   = 8                      // letters
	lookPause    = 500 * time.Millisecond // between two looks at the peers
	lookTimeout  = time.Second            // for a peer to say its name, or DNS to answer
	maxPeers     = 256                    // addresses that are asked
	patience     = 3 * time.Second        // that a request waits for its replica to be found
	dialTimeout  = 2 * time.Second
	writeTimeout = 10 * time.Second // for whoever takes what is passed on
	idleTimeout  = time.Minute      // of a connection between replicas; a gateway's is longer
	idlePerPeer  = 64               // such connections that are kept
	tunnelBuffer = 4 << 10          // bytes for each direction of a WebSocket
	longestPass  = 2 * time.Minute  // until a request is read, and until its answer begins
)

// passedOn marks a request that comes from another replica: it goes no further.
const passedOn = "Gateway-Passed-On"

// Config says who the replicas are.
type Config struct {
	// Peers are where gateways serve, host:port each, this one itself among them
	// or not. A name that stands for several addresses stands for a gateway at
	// each. At most 256 addresses are asked.
	Peers []string
	// MaxForwards is how many requests may be on their way to other replicas at
	// a time, WebSockets among them; more are answered 503.
	MaxForwards int
	Log         *slog.Logger // nil: nothing is logged
}

// Replicas is this gateway among the others. Its methods may be called by
// anybody at any time.
type Replicas struct {
	cfg       Config
	name      string
	transport *http.Transport
	stopping  context.Context // done when Run ends
	stop      context.CancelFunc
	wanted    chan struct{} // somebody waits for a look

	forwards atomic.Int64   // now
	total    atomic.Uint64  // since the start
	running  sync.WaitGroup // tunnels

	mu    sync.Mutex        // guards what follows
	known map[string]string // address by name
	next  chan struct{}     // closed when a look has ended that has not begun yet
}

// New returns a replica with a name of its own. Run finds the others.
func New(cfg Config) (*Replicas, error) {
	for _, p := range cfg.Peers {
		if _, _, err := net.SplitHostPort(p); err != nil {
			return nil, fmt.Errorf("replicas: peer %q: %w", p, err)
		}
	}
	if cfg.MaxForwards < 1 {
		return nil, errors.New("replicas: MaxForwards has to be 1 at least")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	var random [nameLength * 6 / 8]byte
	rand.Read(random[:])
	dialer := &net.Dialer{Timeout: dialTimeout}
	r := &Replicas{
		cfg:  cfg,
		name: base64.RawURLEncoding.EncodeToString(random[:]),
		transport: &http.Transport{
			DialContext: dialer.DialContext, DisableCompression: true,
			MaxIdleConnsPerHost: idlePerPeer, IdleConnTimeout: idleTimeout, ResponseHeaderTimeout: longestPass,
		},
		wanted: make(chan struct{}, 1),
		known:  make(map[string]string),
		next:   make(chan struct{}),
	}
	r.stopping, r.stop = context.WithCancel(context.Background())
	return r, nil
}

// Name is what the session ids of this replica begin with: eight letters,
// digits, dashes or underscores, new with each start.
func (r *Replicas) Name() string { return r.name }

// Forwards is how many requests are on their way to other replicas now, and how
// many have been since the start.
func (r *Replicas) Forwards() (now int64, total uint64) { return r.forwards.Load(), r.total.Load() }

// ServeHTTP tells other replicas the name.
func (r *Replicas) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(r.name)) // who asks and does not listen will ask again
}

// Forward has another replica answer a request for the session sid. It reports
// whether the request was answered; it was not where no replica knows the
// session.
func (r *Replicas) Forward(w http.ResponseWriter, req *http.Request, sid string) bool {
	if len(sid) <= nameLength || strings.HasPrefix(sid, r.name) || req.Header.Get(passedOn) != "" {
		return false
	}
	name := sid[:nameLength]
	addr := r.find(req.Context(), name)
	if addr == "" {
		return false
	}
	defer r.forwards.Add(-1)
	if r.forwards.Add(1) > int64(r.cfg.MaxForwards) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many requests for sessions of other replicas", http.StatusServiceUnavailable)
		return true
	}
	r.total.Add(1)
	err := r.pass(w, req, addr)
	if err != nil {
		r.cfg.Log.Debug("another replica does not answer", "addr", addr, "reason", err)
		r.forget(name)
	}
	return err == nil
}
