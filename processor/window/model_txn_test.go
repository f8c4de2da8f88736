package window_test

import (
	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// change is a record of the changelog; without a key it is a position.
type change struct {
	key       string
	value     []byte
	txn       *txn
	compacted bool
}

// barrierKey is the key of barriers, which no video has.
const barrierKey = "\xff"

type txn struct {
	epoch int
	state txnState
}

type txnState int

const (
	opened txnState = iota
	committed
	aborted
)

type finalKey struct {
	id     string
	window int
	pane   likes.Pane // its last
}

func (w *world) open(epoch int) *txn {
	t := &txn{epoch: epoch}
	w.txns = append(w.txns, t)
	return t
}

func (w *world) write(t *txn, c change) {
	c.txn = t
	w.changelog = append(w.changelog, c)
}

// stable is the changelog's last stable offset: nobody reads past an open
// transaction.
func (w *world) stable() int {
	for i, c := range w.changelog {
		if c.txn.state == opened {
			return i
		}
	}
	return len(w.changelog)
}

// stepTxn brings a leader's transaction one step further: a record, the end,
// and then, only then, what follows from it.
func (w *world) stepTxn(m *member) bool {
	switch {
	case m.txn.state == aborted: // fenced or expired
		w.Zombies++
		w.stepDown(m)
	case m.txn.state == committed:
		w.apply(m)
	case m.plan == nil:
		w.end(m)
	case m.stage < len(m.plan.Values):
		v := m.plan.Values[m.stage]
		w.write(m.txn, change{key: v.ID, value: v.Video.Append(nil)})
		m.stage++
	case m.stage == len(m.plan.Values):
		w.write(m.txn, change{value: m.plan.Position.Append(nil)})
		m.written = len(w.changelog)
		m.stage++
	case w.storeFirst && m.stage == len(m.plan.Values)+1:
		m.store.put(m.plan)
		m.stage++
	default:
		w.end(m)
	}
	return true
}

// end commits the open transaction, or aborts it, or leaves the leader in the
// dark about it.
func (w *world) end(m *member) {
	if w.oneIn(12) {
		w.Aborts++
		w.note("member %d aborts", m.name)
		m.txn.state = aborted
		if m.running != nil && !w.forgetAnnounced {
			w.stepDown(m) // what was announced no longer waits in this counter
			return
		}
		m.plan, m.running, m.txn = nil, nil, nil
		return
	}
	m.txn.state = committed
	if m.plan != nil {
		w.checkPart(m, m.plan)
	}
	for _, r := range m.running {
		w.Announced++
		w.note("member %d announces %+v", m.name, r)
		w.live[r.ID] = r
	}
	if w.oneIn(10) {
		w.LostAnswers++
		w.stepDown(m)
	}
}

// apply takes over what is committed: the store first, then the counter.
func (w *world) apply(m *member) {
	part := m.plan
	m.plan, m.running, m.txn = nil, nil, nil
	if part == nil {
		return
	}
	if !w.storeFirst {
		m.store.put(part)
	}
	m.store.next = m.written // its own records need not be read again
	m.counter.Apply(part)
}

// expire aborts a transaction that has been open for too long.
func (w *world) expire() {
	for _, t := range w.txns {
		if t.state == opened {
			t.state = aborted
			return
		}
	}
}

// compact keeps of a first stretch of the changelog the last committed record
// of each key, as Kafka's cleaner does: what makes a record superfluous is in
// that stretch too.
func (w *world) compact() {
	w.Compactions++
	seen := map[string]bool{}
	for i := w.rng.IntN(w.stable()+1) - 1; i >= 0; i-- {
		c := &w.changelog[i]
		if c.txn.state != committed {
			continue
		}
		c.compacted = c.compacted || seen[c.key]
		seen[c.key] = true
	}
}

// truncate deletes what the last committed position does not need of the log.
func (w *world) truncate() {
	for i := w.stable() - 1; i >= 0; i-- {
		c := &w.changelog[i]
		if c.key != "" || c.txn.state != committed {
			continue
		}
		if pos, err := window.ParsePosition(c.value); err == nil && pos.Replay > w.logStart {
			w.Truncations++
			w.logStart = pos.Replay
			w.note("log begins at %d", w.logStart)
		}
		return
	}
}

// mutate makes the mistakes that a test asks for.
func (w *world) mutate(m *member, part *window.Part) {
	pos := &part.Position
	switch {
	case w.newestMarks:
		pos.At = w.oracle.progress(m.counter.Next())
	case w.skipBegun && pos.Cursor != "":
		pos.Replay = max(min(w.oracle.replay(pos.Published+1, ""), m.counter.Next()), pos.Replay)
		pos.At = w.oracle.progress(pos.Replay)
	case w.noNumber:
		for i := range part.Values {
			v := &part.Values[i]
			own, old := v.Video.At(part.Pane), m.store.videos[v.ID]
			if old.Total > 0 {
				old.Add(old.Newest+1, own)
				v.Video = old
			}
		}
	}
}
