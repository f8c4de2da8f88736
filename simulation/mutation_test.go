package simulation_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// Mistakes that the design rules out, made from outside: what a processor sends
// is changed on its way, or its store is written to behind its back. Each must
// be caught by the invariants, in a story that passes without it. A simulation
// that does not notice them proves nothing.
type mistake struct {
	story  story
	mutate func(w *world) func(*life, *frame)
	// sign is what one of the violations must say.
	sign string
}

func (m mistake) run(t *testing.T) {
	m.story.run(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(m.story.plan)
		w.mutate = m.mutate(w)
		verdict := m.story.judge(w)
		caught := false
		for _, v := range verdict {
			caught = caught || strings.Contains(v, m.sign)
		}
		if !caught {
			t.Errorf("not noticed; the verdict is %q, expected something with %q", verdict, m.sign)
			return
		}
		t.Logf("caught: %s", verdict[0])
	})
}

// crash is a processor that is killed at a step of its first publication, which
// has several parts, and comes back with its store or without.
func crash(how storeFault, at func(w *world) *trap) story {
	p := quiet()
	p.partRecords = 1
	return story{
		plan: p,
		tell: func(w *world) {
			w.start(1)
			for i := range 6 {
				w.crowd.post(fmt.Sprintf("cat-%d", i))
			}
			h := w.hosts[0]
			t := at(w)
			t.spring = func() { h.kill(comeback{store: how}) }
			h.alive().wire.set(t)
			w.until(14 * time.Second)
			if h.alive() != nil {
				w.fault("the processor was not killed")
			}
			h.start()
			w.until(20 * time.Second)
		},
	}
}

func betweenParts(w *world) *trap { return &trap{match: requests{"", w.publishes}.nth(1)} }
func beforeTheEnd(w *world) *trap { return &trap{match: w.endsPublication()} }

// The store learns of a publication before it is committed.
func TestMutationStoreBeforeCommit(t *testing.T) {
	t.Parallel()
	mistake{
		story: crash(keepStores, beforeTheEnd),
		sign:  "I1",
		mutate: func(w *world) func(*life, *frame) {
			return func(l *life, f *frame) {
				if f.of("count") {
					w.rewrite(f, func(batch []*written) bool { w.storeEarly(l, batch); return false })
				}
			}
		},
	}.run(t)
}

// storeEarly applies to the store what a publication, on its way to the
// changelog, says.
func (w *world) storeEarly(l *life, batch []*written) {
	var b state.Batch
	var head *state.Head
	for _, r := range batch {
		switch {
		case r.topic != w.topics.Changelog || len(r.value) == 0:
			return // not the changelog, or a barrier
		case string(r.key) == "\x00p":
			pos, err := window.ParsePosition(r.value)
			if err != nil {
				panic(err)
			}
			next := w.cluster.PartitionInfo(r.topic, r.partition).HighWatermark + int64(len(batch))
			head = &state.Head{Position: pos, HasPosition: true, Changelog: next}
		default:
			v, err := window.ParseVideo(r.value)
			if err != nil {
				panic(err)
			}
			b.Put(string(r.key), &v, v.Newest)
		}
	}
	l.mu.Lock()
	s := l.open[0]
	l.mu.Unlock()
	if head == nil || s == nil {
		return
	}
	b.SetHead(*head)
	if err := s.Store.Apply(&b); err != nil && l.lives() {
		panic(err)
	}
}

// positionsBecome changes the positions of publications that are not complete.
func positionsBecome(change func(w *world, p *window.Position)) func(w *world) func(*life, *frame) {
	return func(w *world) func(*life, *frame) {
		return func(_ *life, f *frame) {
			if !f.of("count") {
				return
			}
			w.rewrite(f, func(batch []*written) (changed bool) {
				for _, r := range batch {
					if r.topic != w.topics.Changelog || string(r.key) != "\x00p" {
						continue
					}
					p, err := window.ParsePosition(r.value)
					if err != nil {
						panic(err)
					}
					if p.Cursor != "" {
						change(w, &p)
						r.value, changed = p.Append(nil), true
					}
				}
				return changed
			})
		}
	}
}

// newest is what the log says by now of the sources. The observer is a client
// like others and may be a record or two behind what the processor has read.
func (w *world) newest() window.Progress {
	w.eyes.upTo(place{w.topics.Log, 0}, w.cluster.PartitionInfo(w.topics.Log, 0).HighWatermark)
	o := recountLog(w.eyes.sight(), w.topics.Log, w.plan.pane)
	p := window.Progress{Frontier: likes.Pane(o.frontier[0])}
	for _, m := range o.marks[0] {
		p.Marks = append(p.Marks, window.Mark{Known: m.known, Watermark: m.watermark, Next: m.next})
	}
	return p
}

// A position has the newest watermarks beside R instead of those before R.
func TestMutationReplayWithNewestWatermarks(t *testing.T) {
	t.Parallel()
	mistake{
		story: crash(emptyStores, betweenParts),
		sign:  "I5",
		mutate: positionsBecome(func(w *world, p *window.Position) {
			newest := w.newest()
			p.At.Frontier = newest.Frontier
			for i := range p.At.Marks {
				p.At.Marks[i].Watermark = newest.Marks[i].Watermark // the source offsets stay, or the gap would be seen at once
			}
		}),
	}.run(t)
}

// R lies behind the pane that is being published: what is left of it is lost.
func TestMutationReplayBehindThePane(t *testing.T) {
	t.Parallel()
	mistake{
		story: crash(emptyStores, betweenParts),
		sign:  "I1",
		mutate: positionsBecome(func(w *world, p *window.Position) {
			p.At = w.newest()
			p.Replay = w.cluster.PartitionInfo(w.topics.Log, 0).HighWatermark
		}),
	}.run(t)
}

// No fence between two parts of a publication: each process has a transactional
// id of its own, so nobody's transactions are refused.
func TestMutationNoFence(t *testing.T) {
	t.Parallel()
	s := zombie()
	m := mistake{
		story: s,
		sign:  "I3",
		mutate: func(w *world) func(*life, *frame) {
			return func(l *life, f *frame) { otherID(f, w.topics.Changelog, "@"+l.h.name) }
		},
	}
	m.run(t)
}
