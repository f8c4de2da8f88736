package chaos_test

import (
	"maps"
	"time"

	"distributed-counter/chaos/check"
	"distributed-counter/chaos/proxy"
)

// stableWithin is how soon after a fence the log must move again.
const stableWithin = time.Second

// orphan kills a processor while a transaction of it is open in the log, which
// nobody can read past from then on, and sees to it that the successor's fence
// ends it, not a timeout.
func (w *world) orphan() {
	w.Helper()
	p := w.chosen()
	f := w.broker.network.Inflict(proxy.Fault{Kind: proxy.Hold, ID: check.DefaultTopics().Positions, Client: p.member()})
	defer w.broker.network.Remove(f)
	if len(p.leads(sourceID)) == 0 || !w.struck(f) {
		w.Fatalf("%v has no PARTITION to leave a transaction open in", p)
	}
	fences := w.broker.network.Fence(f.Hit()).Count
	w.Logf("kill -9 of %v, with a transaction of %s open", p, f.Hit())
	w.interrupt("kill -9", p)
	p.process.kill()
	time.Sleep(300 * time.Millisecond) // what others had open ends
	stuck := w.stable()
	time.Sleep(2 * time.Second) // well within the session: nobody fences yet
	if now := w.stable(); !maps.Equal(now, stuck) || w.broker.network.Fence(f.Hit()).Count > fences {
		w.Errorf("with a transaction open the log went on from %v to %v: that proves nothing", stuck, now)
	}
	eventually(w.T, 40*time.Second, "somebody fences the dead one", func() bool {
		return w.broker.network.Fence(f.Hit()).Count > fences
	})
	fence := w.broker.network.Fence(f.Hit())
	for partition, at := range stuck {
		eventually(w.T, 20*time.Second, "the log moves", func() bool { return w.stable()[partition] > at })
		if after := time.Since(fence.At); after > stableWithin {
			w.Errorf("log partition %d moved %v after the fence of %s, want at most %v", partition, after, f.Hit(), stableWithin)
		} else {
			w.Logf("log partition %d, still at offset %d since the kill, moved at most %v after the fence", partition, at, after.Round(time.Millisecond))
		}
	}
	f.Release() // a late commit of a dead one
	p.start()
}

// stable are the log's last stable offsets, up to which its readers get.
func (w *world) stable() map[int]int64 {
	w.Helper()
	topic := check.DefaultTopics().Log
	listed, err := w.admin.ListCommittedOffsets(w.Context(), topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		w.Fatalf("list stable offsets: %v", err)
	}
	offsets := make(map[int]int64)
	for p, o := range listed[topic] {
		offsets[int(p)] = o.Offset
	}
	return offsets
}
