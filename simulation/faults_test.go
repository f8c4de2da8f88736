package simulation_test

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// wreak lets things go wrong for a while, and starts again what is down.
func (w *world) wreak(d time.Duration) {
	rng := w.rand("faults", 0)
	end := time.Now().Add(d)
	next := time.Now()
	for time.Now().Before(end) {
		w.revive()
		if !time.Now().Before(next) {
			next = time.Now().Add(rng.around(w.plan.faultEvery))
			w.strike(rng)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// revive starts what is down and due. One host in reserve joins and leaves by
// chance alone.
func (w *world) revive() {
	for i, h := range w.hosts {
		running, due := h.up()
		if !running && due && (i < len(w.hosts)-1 || i < 2) {
			h.start()
		}
	}
}

// strike does one of the things that go wrong.
func (w *world) strike(rng chance) {
	kinds := []struct {
		weight int
		what   func(chance)
	}{
		{24, w.ambush}, {8, w.killNow}, {10, w.ambushApply},
		{12, w.loseAnswer}, {6, w.stopOne}, {8, w.hangOne}, {12, w.refuse}, {7, w.intrude},
		{3, w.brokerAway}, {2, w.growIngestion}, {5, w.slowReader}, {4, w.joinOrLeave}, {4, w.lie},
	}
	sum := 0
	for _, k := range kinds {
		sum += k.weight
	}
	n := rng.IntN(sum)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			k.what(rng)
			return
		}
	}
}

// someone is a host whose processor runs, or nil.
func (w *world) someone(rng chance) *host {
	running := w.running()
	if len(running) == 0 {
		return nil
	}
	return pick(rng, running)
}

func (w *world) comeback(rng chance) comeback {
	return comeback{
		after: rng.around(pick(rng, []time.Duration{200 * time.Millisecond, 3 * time.Second, 8 * time.Second})),
		store: pick(rng, []storeFault{keepStores, keepStores, loseWrites, loseWrites, emptyStores, damageStores}),
	}
}

// requests is a kind of request of a part of a processor.
type requests struct {
	name string
	is   func(f *frame) bool
}

var (
	anyRequest  = requests{"any request", func(*frame) bool { return true }}
	writesCount = requests{"a write of COUNT", func(f *frame) bool { return f.key == kmsg.Produce.Int16() && f.of("count") }}
	endsCount   = requests{"an end of a transaction of COUNT", func(f *frame) bool { return f.key == kmsg.EndTxn.Int16() && f.of("count") }}
	writesSums  = requests{"a write of PARTITION", func(f *frame) bool { return f.key == kmsg.Produce.Int16() && f.of("partition") }}
	endsSums    = requests{"an end of a transaction of PARTITION", func(f *frame) bool { return f.key == kmsg.EndTxn.Int16() && f.of("partition") }}
	fences      = requests{"a fence", func(f *frame) bool { return f.key == kmsg.InitProducerID.Int16() && !f.of("api") }}
	deletions   = requests{"a deletion of old records", func(f *frame) bool { return f.key == kmsg.DeleteRecords.Int16() }}
)

// nth matches the n-th request of a kind from now on, counting from 0.
func (r requests) nth(n int) func(f *frame) bool {
	return func(f *frame) bool {
		if !r.is(f) {
			return false
		}
		n--
		return n < 0
	}
}

// steps are the requests at which it matters most on which side of them a
// process dies; any other may be it, too.
func (w *world) step(rng chance) (r requests, n int) {
	if rng.oneIn(3) {
		return anyRequest, rng.IntN(400)
	}
	r = pick(rng, []requests{writesCount, writesCount, endsCount, endsCount, writesSums, endsSums, fences, deletions})
	return r, rng.IntN(12)
}

// ambush kills a process at its n-th request of some kind: before it gets
// through, or when the broker has obeyed and before the answer gets back.
func (w *world) ambush(rng chance) {
	h, how, after := w.someone(rng), w.comeback(rng), rng.oneIn(2)
	kind, n := w.step(rng)
	if h == nil {
		return
	}
	w.note("ambush for %s: %s, %d later, after it: %v", h.name, kind.name, n, after)
	h.alive().wire.set(&trap{match: kind.nth(n), after: after, spring: func() { h.kill(how) }})
}

// ambushApply kills a process when its transaction is committed and its store
// does not know, or has just got to know.
func (w *world) ambushApply(rng chance) {
	h, how, n := w.someone(rng), w.comeback(rng), rng.IntN(8)
	if h == nil {
		return
	}
	l := h.alive()
	l.mu.Lock()
	defer l.mu.Unlock()
	n += 2 * l.applies
	w.note("ambush for %s: at its store", h.name)
	l.atApply = func(at int) {
		if at == n {
			w.tally.add("kills between commit and store")
			h.kill(how)
		}
	}
}

func (w *world) killNow(rng chance) {
	h, how := w.someone(rng), w.comeback(rng)
	if h != nil {
		h.kill(how)
	}
}

// loseAnswer cuts a connection when the broker has obeyed a request, or just
// before: the outcome is unknown to the process.
func (w *world) loseAnswer(rng chance) {
	h, after := w.someone(rng), !rng.oneIn(4)
	kind, n := w.step(rng)
	if h == nil {
		return
	}
	w.note("%s loses the answer to %s, %d later, obeyed: %v", h.name, kind.name, n, after)
	h.alive().wire.set(&trap{match: kind.nth(n), after: after, spring: func() { w.tally.add("lost answers") }})
}

func (w *world) stopOne(rng chance) {
	h, d := w.someone(rng), rng.around(2*time.Second)
	if h == nil || len(w.running()) < 2 {
		return
	}
	w.tally.add("clean stops")
	w.lives.Go(func() {
		h.stop()
		time.Sleep(d)
	})
}

// hangOne lets a process' network hang, often for longer than its session, so
// that it comes back to partitions that others own.
func (w *world) hangOne(rng chance) {
	h, d := w.someone(rng), rng.around(pick(rng, []time.Duration{time.Second, 7 * time.Second, 9 * time.Second}))
	if h == nil {
		return
	}
	w.hang(h.alive(), d)
}

func (w *world) hang(l *life, d time.Duration) {
	w.note("%s hangs for %v", l.h.name, d)
	if d > 6*time.Second {
		w.tally.add("processes that outlived their session")
	}
	l.wire.hang()
	w.lives.Go(func() {
		time.Sleep(d)
		w.note("%s moves again", l.h.name)
		l.wire.resume()
	})
}
