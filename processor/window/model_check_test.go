package window_test

import (
	"bytes"
	"maps"
	"slices"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// checkPart holds a committed part against the oracle.
func (w *world) checkPart(m *member, part *window.Part) {
	w.Parts++
	if part.Position.Cursor != "" {
		w.Splits++
	}
	w.note("member %d commits pane %d: %v, then pane %d cursor %q R %d", m.name, part.Pane, part.Finals,
		part.Position.Published, part.Position.Cursor, part.Position.Replay)
	if f := w.oracle.progress(m.planned).Frontier; part.Position.Published > f || len(part.Finals) > 0 && part.Pane >= f {
		w.fault("I4: pane %d published, up to %d, while the frontier is %d", part.Pane, part.Position.Published, f)
	}
	for _, f := range part.Finals {
		key := finalKey{f.ID, likes.Windows[f.Window].Panes, part.Pane}
		if w.finals[key] > 0 {
			w.fault("I3: %+v twice", key)
		}
		w.finals[key] = f.Count.Likes
		count, late, total := w.oracle.final(key.id, key.pane, key.window)
		if f.Count != (window.Count{Likes: count, Late: late}) || f.Total != total {
			w.fault("final %+v: got %v total %d, want %d (%d late) total %d", key, f.Count, f.Total, count, late, total)
		}
	}
	for _, r := range part.Live {
		w.live[r.ID] = r
	}
	if !w.newestMarks && !w.skipBegun {
		w.checkReplay(m, &part.Position)
	}
}

// checkReplay holds the replay position against the oracle. It is about to
// replace the last position that was committed.
func (w *world) checkReplay(m *member, pos *window.Position) {
	if first := w.oracle.replay(pos.Published, pos.Cursor); pos.Replay > first {
		w.fault("R %d is behind the unpublished like at %d", pos.Replay, first)
	}
	if pos.Replay < w.logStart || pos.Replay < m.counter.Position().Replay {
		w.fault("R %d goes back from %d, the log begins at %d", pos.Replay, m.counter.Position().Replay, w.logStart)
	}
	want := w.oracle.progress(pos.Replay)
	if pos.At.Frontier != want.Frontier || !slices.Equal(pos.At.Marks, want.Marks) {
		w.fault("progress at R %d: got %+v, want %+v", pos.Replay, pos.At, want)
	}
}

func (w *world) checkRunning(m *member, running []window.Running) {
	for _, r := range running {
		if want := w.oracle.running(r.ID, m.counter.Next()); r != want {
			w.fault("running counts as of %d: got %+v, want %+v", m.counter.Next(), r, want)
		}
	}
}

// finish lets everything come to rest, twice: with panes open, and after all
// have closed.
func (w *world) finish() {
	for _, p := range w.sources {
		w.read(p, len(p.records))
	}
	w.rest()
	for len(w.errs) == 0 && !w.closed() {
		w.clock += modelPane.Milliseconds()
		for _, p := range w.sources {
			w.read(p, len(p.records))
			w.idle(p)
			w.commit(p)
		}
	}
	w.rest()
	if len(w.errs) == 0 {
		w.checkComplete()
	}
}

// closed says whether every like is in the log and in windows that are due.
func (w *world) closed() bool {
	for _, p := range w.sources {
		if p.committed.Next < int64(len(p.records)) {
			return false
		}
	}
	for _, c := range w.oracle.counts {
		if w.oracle.now.Frontier < w.oracle.first(c.pane, 10)+10 {
			return false
		}
	}
	return true
}

// rest lets everybody do what can be done, until nobody can do any more.
func (w *world) rest() {
	for range 1000 {
		w.settle()
		lead := w.members[w.rng.IntN(len(w.members))]
		w.stepDown(lead)
		w.elect(lead)
		for range 400 {
			if !w.stepMember(lead) && lead.txn == nil && !w.stepMember(lead) {
				break
			}
			if len(w.errs) > 0 {
				return
			}
		}
		if lead.role == leads && lead.txn == nil && !lead.counter.Due() && !lead.counter.Waiting() && !w.fold(lead) {
			w.settle()
			w.checkMembers(lead)
			return
		}
	}
	w.fault("the world does not come to rest")
}

// settle ends all leaderships and lets all members follow to the end.
func (w *world) settle() {
	for _, t := range w.txns {
		if t.state == opened {
			t.state = aborted
		}
	}
	for _, m := range w.members {
		if m.txn != nil || m.role != follows && m.epoch != w.epoch {
			w.stepDown(m)
		}
		for w.follow(m) {
		}
		for m.role == follows && w.fold(m) && len(w.errs) == 0 {
		}
	}
}

// checkMembers: whether a store was kept or is restored from nothing, and
// whether the log or the changelog came first, makes no difference.
func (w *world) checkMembers(lead *member) {
	fresh := &member{name: len(w.members), store: newShelf()}
	for w.follow(fresh) {
	}
	for w.fold(fresh) && len(w.errs) == 0 {
	}
	for _, m := range append(w.members, fresh) {
		if !maps.Equal(m.store.videos, lead.store.videos) {
			w.fault("I5: store of member %d has %+v, the leader's %+v", m.name, m.store.videos, lead.store.videos)
		}
		if !bytes.Equal(m.store.position.Append(nil), lead.store.position.Append(nil)) {
			w.fault("I5: member %d is at %+v, the leader at %+v", m.name, m.store.position, lead.store.position)
		}
		if got, want := m.counter.String(), lead.counter.String(); got != want && m != lead {
			w.fault("I5: member %d has\n%sthe leader\n%s", m.name, got, want)
		}
	}
}

// checkComplete: everything that must have been said was said.
func (w *world) checkComplete() {
	next := int64(len(w.log))
	for _, c := range w.oracle.counts {
		count := func(first likes.Pane, n int) uint64 { // published for the window of n panes that begins with first
			return w.finals[finalKey{c.id, n, first + likes.Pane(n) - 1}]
		}
		for _, n := range [...]int{1, 5, 10} {
			if count(w.oracle.first(c.pane, n), n) == 0 {
				w.fault("I1: %s has likes in pane %d, but no final count of its window of %d panes", c.id, c.pane, n)
			}
		}
		ten := w.oracle.first(c.pane, 10)
		ones, fives := uint64(0), count(ten, 5)+count(ten+5, 5)
		for i := range likes.Pane(10) {
			ones += count(ten+i, 1)
		}
		if tens := count(ten, 10); ones != tens || fives != tens {
			w.fault("I2: %s from pane %d: %d in 1-minute counts, %d in 5-minute counts, %d in 10", c.id, ten, ones, fives, tens)
		}
		if got, want := w.live[c.id].Total, w.oracle.running(c.id, next).Total; got != want {
			w.fault("announcement of %s is stale: total %d, want %d", c.id, got, want)
		}
	}
}
