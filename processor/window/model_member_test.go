package window_test

import "distributed-counter/processor/window"

// member is a processor with one COUNT task.
type member struct {
	name    int
	store   *shelf          // survives a crash, unless it is lost too
	counter *window.Counter // nil where no position is known yet
	role    role
	epoch   int  // of its last fence
	barrier int  // changelog offset of the record to be read before it leads
	passed  bool // whether it was
	caught  int  // log offset to have folded before it announces

	plan    *window.Part     // being published
	planned int64            // how far the log was folded then
	running []window.Running // being announced
	txn     *txn
	stage   int // how many records of plan are written
	written int // changelog offset after the last of them
}

type role int

const (
	follows role = iota
	fenced       // has fenced the others, and reads up to its barrier
	leads
)

// stepMember lets a member do one of the things that it can do, if there is
// any, and says whether there was.
func (w *world) stepMember(m *member) bool {
	if m.role == fenced && m.passed {
		m.role, m.caught = leads, len(w.log)
		w.note("member %d leads", m.name)
		return true
	}
	if m.role != leads {
		if w.oneIn(3) {
			return w.follow(m) || w.fold(m)
		}
		return w.fold(m) || w.follow(m)
	}
	if m.txn != nil {
		if w.oneIn(4) && w.fold(m) {
			w.FoldedInPart++
			return true
		}
		return w.stepTxn(m)
	}
	switch w.rng.IntN(4) {
	case 0:
		return w.announce(m) || w.fold(m) || w.publish(m)
	case 1:
		return w.publish(m) || w.fold(m) || w.announce(m)
	default:
		return w.fold(m) || w.publish(m) || w.announce(m)
	}
}

// fold folds the next data record of the log, if there is one.
func (w *world) fold(m *member) bool {
	if m.counter == nil {
		return false
	}
	at := m.counter.Next()
	if at < w.logStart {
		if m.role != follows {
			return false
		}
		if m.store.position.Replay < w.logStart {
			return false // a follower waits for a position that it can start from
		}
		w.note("member %d starts again at %d", m.name, m.store.position.Replay)
		w.Restarts++
		m.counter = window.NewCounter(*m.store.position)
		return true
	}
	for at < int64(len(w.log)) && w.log[at] == nil {
		at++
	}
	if at == int64(len(w.log)) {
		return false
	}
	if _, err := m.counter.Fold(at, w.log[at]); err != nil {
		w.fault("member %d: %v", m.name, err)
	}
	if got, want := m.counter.Frontier(), w.oracle.progress(at+1).Frontier; got != want {
		w.fault("member %d: frontier %d after offset %d, want %d", m.name, got, at, want)
	}
	w.note("member %d folds %d", m.name, at)
	return true
}

// follow takes over the next record of the changelog, if it can be read.
func (w *world) follow(m *member) bool {
	if m.store.next >= w.stable() {
		return false
	}
	c := w.changelog[m.store.next]
	m.store.next++
	if c.txn.state != committed || c.compacted {
		return true
	}
	if c.key == barrierKey {
		m.passed = m.passed || m.store.next-1 == m.barrier
		return true
	}
	if c.key != "" {
		v, err := window.ParseVideo(c.value)
		if err != nil {
			w.fault("member %d: %v", m.name, err)
		}
		m.store.videos[c.key] = v
		return true
	}
	pos, err := window.ParsePosition(c.value)
	if err != nil {
		w.fault("member %d: %v", m.name, err)
		return true
	}
	w.note("member %d follows to pane %d cursor %q R %d", m.name, pos.Published, pos.Cursor, pos.Replay)
	m.store.position = &pos
	switch {
	case m.counter == nil:
		m.counter = window.NewCounter(pos)
	default:
		if m.counter.Frontier() < pos.Published {
			w.FollowedAhead++
		}
		m.counter.Follow(pos)
	}
	return true
}

// publish plans a part and opens its transaction.
func (w *world) publish(m *member) bool {
	part, err := m.counter.Plan(m.store, w.limit)
	if err != nil {
		w.fault("member %d: %v", m.name, err)
	}
	if part == nil {
		return false
	}
	if w.oneIn(10) {
		return true // the plan is dropped: nothing has changed
	}
	w.checkRunning(m, part.Live)
	w.mutate(m, part)
	m.plan, m.planned, m.stage = part, m.counter.Next(), 0
	return w.openFor(m)
}

// announce takes running counts and opens their transaction.
func (w *world) announce(m *member) bool {
	if m.counter.Next() < int64(m.caught) && m.caught > 0 && w.behind(m) || !m.counter.Waiting() {
		return false
	}
	running, err := m.counter.Announce(m.store, 1+w.rng.IntN(5))
	if err != nil {
		w.fault("member %d: %v", m.name, err)
	}
	if len(running) == 0 {
		return true
	}
	w.checkRunning(m, running)
	m.running = running
	return w.openFor(m)
}

// behind says whether there are data records that a leader has to fold before
// it may announce.
func (w *world) behind(m *member) bool {
	for at := m.counter.Next(); at < int64(m.caught); at++ {
		if w.log[at] != nil {
			return true
		}
	}
	return false
}

func (w *world) openFor(m *member) bool {
	if m.epoch != w.epoch && !w.noFence {
		w.Zombies++
		w.stepDown(m)
		return true
	}
	m.txn = w.open(m.epoch)
	return true
}

// stepDown ends a leadership: all that is not committed is forgotten.
func (w *world) stepDown(m *member) {
	w.note("member %d steps down", m.name)
	m.role, m.plan, m.running, m.txn, m.counter = follows, nil, nil, nil, nil
	if m.store.position != nil {
		m.counter = window.NewCounter(*m.store.position)
	}
}

// crash ends a member between any two of its steps and starts it again. Its
// open transaction stays open until somebody fences it or it expires.
func (w *world) crash(m *member) {
	if m.txn != nil && m.txn.state == opened {
		w.MidTxnCrashes++
	}
	if w.oneIn(3) {
		w.LostStores++
		m.store = newShelf()
	}
	w.stepDown(m)
}

// elect makes a follower the leader: fence, barrier, lead. Whoever is fenced
// again before it has read its barrier may find that barrier compacted away,
// and never leads: what it has read by then may be newer than its position.
func (w *world) elect(m *member) {
	if m.role != follows {
		return
	}
	w.epoch++
	m.epoch = w.epoch
	if !w.noFence {
		for _, t := range w.txns {
			if t.state == opened {
				t.state = aborted
			}
		}
	}
	t := w.open(w.epoch)
	w.write(t, change{key: barrierKey})
	t.state = committed
	m.barrier, m.passed, m.role = len(w.changelog)-1, false, fenced
	w.note("member %d is elected, epoch %d", m.name, m.epoch)
}
