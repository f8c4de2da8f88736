package simulation_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/gateway/server"
	"distributed-counter/gateway/socketio/sockettest"
)

// gate is a machine on which a gateway runs.
type gate struct {
	w    *world
	name string

	mu    sync.Mutex // guards run
	run   *gateLife  // nil while no gateway runs
	lives []*gateLife
}

// gateLife is one run of a gateway.
type gateLife struct {
	g      *gate
	wire   *wire // to the broker
	viewer *streets
	cancel context.CancelFunc
	done   chan struct{}
	began  time.Time

	mu       sync.Mutex // guards the rest
	ready    time.Time  // since when it says so; zero while it does not
	dead     bool
	troubles []trouble
}

// trouble is a time during which nobody can expect a gateway to be up to date.
type trouble struct{ from, to time.Time }

// recovery is how long a gateway may take to read on once its network is whole:
// its client waits up to two seconds between two attempts, and may have to ask
// where the topics are.
const recovery = 5 * time.Second

// streets is the network between viewers and a gateway.
type streets struct {
	*sockettest.Network
	mu    sync.Mutex // guards conns
	conns []net.Conn
}

// Accept keeps the connection, so that all can be cut.
func (s *streets) Accept() (net.Conn, error) {
	c, err := s.Network.Accept()
	if err == nil {
		s.mu.Lock()
		s.conns = append(s.conns, c)
		s.mu.Unlock()
	}
	return c, err
}

func (s *streets) cut() {
	s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
}

// Ready and NotReady are what a gateway says of itself.
func (l *gateLife) Ready() { l.setReady(time.Now()) }

// NotReady implements feed.Health.
func (l *gateLife) NotReady(string) { l.setReady(time.Time{}) }

func (l *gateLife) setReady(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready.IsZero() || at.IsZero() {
		l.ready = at
	}
}

// openGates starts n gateways: no topic exists yet.
func (w *world) openGates(n int) {
	for i := range n {
		g := &gate{w: w, name: fmt.Sprintf("g%d", i+1)}
		w.gates = append(w.gates, g)
		g.start()
	}
}

func (g *gate) start() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.run != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &gateLife{g: g, wire: g.w.newWire(), cancel: cancel, done: make(chan struct{}), began: time.Now(),
		viewer: &streets{Network: sockettest.Listen()}}
	l.wire.mutate = g.w.spoilGate
	g.run, g.lives = l, append(g.lives, l)
	g.w.note("%s starts", g.name)
	g.w.lives.Go(func() {
		defer close(l.done)
		err := server.Run(ctx, server.Config{
			Listener: l.viewer, Brokers: g.w.cluster.ListenAddrs(), Topics: g.w.topics, Pane: g.w.plan.pane,
			Health: l, Log: g.w.logger(g.name), Kafka: []kgo.Opt{kgo.Dialer(l.wire.dial)},
		})
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.dead && (err != nil || ctx.Err() == nil) {
			g.w.fault("%s stopped: %v", g.name, err)
		}
		l.dead = true
	})
}

// life is the run there is, or nil.
func (g *gate) life() *gateLife {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.run
}

// stop is SIGTERM. It waits for the end.
func (g *gate) stop() {
	l := g.take()
	if l == nil {
		return
	}
	g.w.note("%s is told to stop", g.name)
	l.cancel()
	select {
	case <-l.done:
	case <-time.After(time.Minute):
		g.w.fault("%s did not stop within a minute", g.name)
	}
	l.wire.break_()
}

// kill is kill -9: nothing that the gateway does reaches anybody any more.
func (g *gate) kill() {
	l := g.take()
	if l == nil {
		return
	}
	g.w.note("%s is killed", g.name)
	l.mu.Lock()
	l.dead = true
	l.mu.Unlock()
	l.viewer.cut()
	l.wire.break_()
	l.wire.resume()
	l.cancel()
}

func (g *gate) take() *gateLife {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.run
	g.run = nil
	return l
}
