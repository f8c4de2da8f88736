package simulation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/processor/pipeline"
	"distributed-counter/processor/state"
)

// host is a machine on which a processor runs, dies and is started again. Its
// disks stay.
type host struct {
	w    *world
	name string

	mu    sync.Mutex // guards the rest
	disks map[int]*state.Disk
	run   *life // nil while no processor runs
	due   time.Time
	how   comeback
}

// comeback is how a host that is down is started again.
type comeback struct {
	after time.Duration
	store storeFault
}

// storeFault is what happens to the stores of a process that is down.
type storeFault int

const (
	keepStores storeFault = iota
	loseWrites            // the newest that were not on disk yet
	emptyStores
	damageStores
)

// life is one run of a processor, from its start to its end.
type life struct {
	h      *host
	wire   *wire
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex     // guards the rest
	dead    bool           // killed: nothing of it reaches anything any more
	stop    bool           // told to stop
	open    map[int]*store // that the processor has open
	applies int
	atApply func(n int) // called before and after the store learns of a commit: 2k, 2k+1
}

// start starts a processor, if none runs. To mutate requests in flight is for
// mutation tests.
func (h *host) start() *life {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.run != nil {
		return h.run
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{h: h, cancel: cancel, done: make(chan struct{}), open: make(map[int]*store)}
	l.wire = h.w.newWire()
	if h.w.mutate != nil {
		l.wire.mutate = func(f *frame) { h.w.mutate(l, f) }
	}
	cfg := h.w.cfg
	cfg.Member = h.name
	cfg.Client = []kgo.Opt{kgo.Dialer(l.wire.dial)}
	cfg.Stores = stores{l}
	cfg.Metrics = prometheus.NewRegistry()
	cfg.Health = noHealth{}
	cfg.Log = h.w.logger(h.name)
	h.run = l
	h.w.note("%s starts", h.name)
	h.w.lives.Go(func() {
		defer close(l.done)
		err := pipeline.Run(ctx, cfg)
		h.ended(l, err)
	})
	return l
}

// ended looks at what a processor had to say in the end, unless it was killed.
func (h *host) ended(l *life, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l.mu.Lock()
	dead, stop := l.dead, l.stop
	l.dead = true
	l.mu.Unlock()
	if dead {
		return
	}
	l.wire.break_()
	h.run = nil
	switch {
	case err != nil && strings.Contains(err.Error(), "has not moved"):
		// Somebody starts it again: that is what it ended for.
		h.w.note("%s gives up: %v", h.name, err)
		h.w.tally.add("processors that gave up a partition that did not move")
		h.due, h.how = time.Now().Add(time.Second), comeback{}
	case err != nil:
		h.w.fault("%s stopped: %v", h.name, err)
	case !stop:
		h.w.fault("%s stopped without being told to", h.name)
	}
}

// stop is SIGTERM: the processor has to end by itself. It waits for that.
func (h *host) stop() {
	h.mu.Lock()
	l := h.run
	h.mu.Unlock()
	if l == nil {
		return
	}
	l.mu.Lock()
	l.stop = true
	l.mu.Unlock()
	h.w.note("%s is told to stop", h.name)
	l.cancel()
	select {
	case <-l.done:
	case <-time.After(time.Minute):
		h.w.fault("%s did not stop within a minute", h.name)
		h.kill(comeback{})
	}
}

// kill is kill -9: from this instant on nothing that the processor does
// reaches the network or its disks.
func (h *host) kill(how comeback) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.run
	if l == nil {
		return
	}
	h.run = nil
	l.mu.Lock()
	l.dead = true
	leads := len(l.open)
	lost := 0
	if how.store == loseWrites {
		lost = state.MaxUnflushed
	}
	for p := range l.open {
		h.disks[p].Kill(lost)
	}
	l.mu.Unlock()
	l.wire.break_()
	l.wire.resume()
	l.cancel()
	h.w.note("%s is killed, leading %d partitions", h.name, leads)
	h.w.tally.add("kills")
	if leads > 0 && h.w.liked(h.w.plan.pane) {
		h.w.tally.add("kills of a leader with open windows")
	}
	h.spoil(how.store)
	h.due, h.how = time.Now().Add(how.after), how
}

// spoil does to the stores, while nobody has them open, what a fault says.
func (h *host) spoil(f storeFault) {
	for _, d := range h.disks {
		switch f {
		case emptyStores:
			if err := d.Destroy(); err != nil {
				h.w.fault("empty a store of %s: %v", h.name, err)
			}
		case damageStores:
			d.Damage()
		}
	}
	if f != keepStores {
		h.w.tally.add([]string{loseWrites: "stores that lost writes", emptyStores: "emptied stores", damageStores: "damaged stores"}[f])
	}
}

// up says whether a processor runs, and if not, whether it is time to start one.
func (h *host) up() (running, due bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.run != nil, h.run == nil && !time.Now().Before(h.due)
}

// alive is the life there is, or nil.
func (h *host) alive() *life {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.run
}

// newHosts makes machines with a disk per log partition.
func (w *world) newHosts(n int) {
	for range n {
		h := &host{w: w, name: fmt.Sprintf("p%d", len(w.hosts)+1), disks: make(map[int]*state.Disk)}
		for p := range w.plan.logPartitions {
			h.disks[p] = new(state.Disk)
		}
		w.hosts = append(w.hosts, h)
	}
}

// running are the hosts with a processor.
func (w *world) running() []*host {
	return slices.DeleteFunc(slices.Clone(w.hosts), func(h *host) bool { return h.alive() == nil })
}

type noHealth struct{}

func (noHealth) Set(string, error) {}
