package simulation_test

import (
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// trouble says that something is wrong with a gateway's network for a while.
func (l *gateLife) trouble(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.troubles = append(l.troubles, trouble{time.Now(), time.Now().Add(d + recovery)})
}

// wreakGates lets things go wrong with gateways for a while, by a chance of its
// own.
func (w *world) wreakGates(d time.Duration) {
	if len(w.gates) == 0 {
		return
	}
	rng := w.rand("gates", 0)
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(rng.around(6 * time.Second))
		g, down := pick(rng, w.gates), rng.around(3*time.Second)
		pick(rng, []func(*gate, time.Duration){restartGate, killGate, cutGate, hangGate, slowGate, w.refuseGates})(g, down)
	}
	for _, g := range w.gates {
		g.start()
	}
}

func restartGate(g *gate, down time.Duration) {
	g.w.tally.add("gateways that were stopped")
	g.stop()
	time.Sleep(down)
	g.start()
}

func killGate(g *gate, down time.Duration) {
	g.w.tally.add("gateways that were killed")
	g.kill()
	time.Sleep(down)
	g.start()
}

// cutGate cuts a gateway off the broker, its viewers not.
func cutGate(g *gate, d time.Duration) {
	g.during("is cut off", 2*d, (*wire).break_, (*wire).mend)
}

func hangGate(g *gate, d time.Duration) {
	g.during("hangs", 3*d, (*wire).hang, (*wire).resume)
}

func slowGate(g *gate, d time.Duration) {
	g.during("reads slowly", 2*d,
		func(w *wire) { w.slow(func(*frame) time.Duration { return 200 * time.Millisecond }) },
		func(w *wire) { w.slow(nil) })
}

func (g *gate) during(what string, d time.Duration, begin, end func(*wire)) {
	l := g.life()
	if l == nil {
		return
	}
	g.w.note("%s %s for %v", g.name, what, d)
	g.w.tally.add("troubles of gateways")
	l.trouble(d)
	begin(l.wire)
	time.Sleep(d)
	if g.life() == l {
		end(l.wire)
	}
}

// refuseGates has the broker answer fetches of counts with errors.
func (w *world) refuseGates(_ *gate, d time.Duration) {
	topic := w.topics.Live
	if d > 3*time.Second {
		topic = w.topics.Aggregations[0]
	}
	w.note("the broker refuses to read %s for %v", topic, d)
	w.tally.add("troubles of gateways")
	for _, g := range w.gates {
		if l := g.life(); l != nil {
			l.trouble(d)
		}
	}
	handle := w.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: topic, Err: kerr.NotLeaderForPartition, Count: 20})
	time.Sleep(d)
	handle.Remove()
}
