package chaos_test

import (
	"fmt"
	"testing"
	"time"

	"distributed-counter/chaos/check"
	"distributed-counter/chaos/load"
	"distributed-counter/chaos/proxy"
)

// manyVideos need more than one transaction per log partition for one pane: a
// third of them, with a final record, a changelog record and most with a
// running one, against the hundred thousand that a transaction has.
const manyVideos = 250_000

// testParts loses a leader between two parts of a publication and, in the same
// moment, the broker under another one.
func testParts(t *testing.T, s setup) {
	s.pane = 4 * time.Second // a burst fits into one or two
	w := newWorld(t, s)
	w.addProcessors(3)
	second := make([]*proxy.Fault, 2)
	for p := range second {
		second[p] = w.broker.network.Inflict(proxy.Fault{Kind: proxy.Hold, ID: countID(p), Finals: true, After: 1})
	}
	w.burst(manyVideos)
	victim := w.leader(0)
	if w.leader(1) == victim {
		t.Fatalf("%v leads both", victim)
	}
	for p, f := range second {
		w.struck(f)
		eventually(t, 10*time.Second, "a part that was committed", func() bool { return w.watch.Parts(p) > 0 })
	}
	t.Logf("kill -9 of %v, and of the broker, in the second parts of their publications", victim)
	victim.process.kill()
	w.broker.kill()
	w.broker.start()
	victim.start()
	w.settle()
	w.stopLoad()
	w.mustHold()
	for p := range partitions {
		t.Logf("log partition %d: %d parts that were not the last", p, w.watch.Parts(p))
	}
}

// leader is the processor that leads COUNT of a log partition.
func (w *world) leader(partition int) *processor {
	w.Helper()
	for _, p := range w.processors {
		for _, led := range p.leads(countID) {
			if led == partition {
				return p
			}
		}
	}
	w.Fatalf("nobody leads COUNT %d", partition)
	return nil
}

// burst sends one like to each of so many videos, late in a ten-minute window
// so that it closes soon.
func (w *world) burst(n int) {
	w.Helper()
	l, err := load.New(load.Config{Videos: ids(w.seed, n), Log: w.answers()})
	if err != nil {
		w.Fatal(err)
	}
	w.stopLoad = func() {
		if err := l.Close(); err != nil {
			w.Errorf("load: %v", err)
		}
		w.stopLoad = func() {}
	}
	time.Sleep(time.Until(time.Now().Add(2 * w.pane).Truncate(10 * w.pane).Add(8 * w.pane)))
	began := time.Now()
	if err := l.Burst(w.Context(), []string{w.broker.client}, check.DefaultTopics().Ingestion); err != nil {
		w.Fatal(fmt.Errorf("burst: %w", err))
	}
	w.Logf("sent %d likes in %v", n, time.Since(began).Round(time.Millisecond))
}
