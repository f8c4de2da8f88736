package simulation_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The stories that the issue names.

// One like, then a kill before the close, then silence: its three records come,
// once.
func TestOneLikeThenKillThenSilence(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]storeFault{"same store": keepStores, "older store": loseWrites, "emptied": emptyStores, "damaged": damageStores} {
		t.Run(name, func(t *testing.T) {
			story{
				plan: quiet(),
				tell: func(w *world) {
					w.start(1)
					w.crowd.post("cat") // in the first pane
					w.until(8 * time.Second)
					w.hosts[0].kill(comeback{store: how})
					w.until(9 * time.Second)
					w.hosts[0].start()
				},
				check: func(t *testing.T, w *world) {
					for _, panes := range []int64{1, 5, 10} {
						w.want(t, span{"cat", panes, w.pane(0, panes)}, count{likes: 1, total: 1})
					}
					if n := len(w.finals); n != 3 {
						t.Errorf("%d final records, want 3: %v", n, w.finals)
					}
				},
			}.run(t)
		})
	}
}

// pane is the first pane of the window that the n-th pane of the world is in.
func (w *world) pane(n, panes int64) int64 {
	p := paneOf(w.began.UnixMilli(), w.plan.pane) + n
	return p - modulo(p, panes)
}

// One record of the log both carries a like and makes the like's pane due; then
// a crash, at each step of the publication.
func TestLikeInTheRecordThatMakesItsPaneDue(t *testing.T) {
	t.Parallel()
	for name, arm := range map[string]func(w *world, h *host, die func()){
		"before it is written": func(w *world, h *host, die func()) { h.alive().wire.set(&trap{match: w.publishes, spring: die}) },
		"before the end": func(w *world, h *host, die func()) {
			h.alive().wire.set(&trap{match: w.endsPublication(), spring: die})
		},
		"after the end": func(w *world, h *host, die func()) {
			h.alive().wire.set(&trap{match: w.endsPublication(), after: true, spring: die})
		},
		"before the store knows": func(w *world, h *host, die func()) { h.alive().dieAtApply(0, die) },
		"as the store knows":     func(w *world, h *host, die func()) { h.alive().dieAtApply(1, die) },
	} {
		t.Run(name, func(t *testing.T) {
			p := quiet()
			p.idle = 2 * time.Second // so the clock has not closed the pane yet
			story{
				plan: p,
				tell: func(w *world) {
					w.start(1)
					end := w.began.Add(10 * time.Second)
					w.until(11*time.Second + 100*time.Millisecond)
					h := w.hosts[0]
					arm(w, h, func() { h.kill(comeback{}) })
					w.crowd.put(0, "cat", end.Add(-100*time.Millisecond))
					w.crowd.put(0, "dog", end.Add(1100*time.Millisecond)) // its time less the grace is after the end
					w.until(15 * time.Second)
					if h.alive() != nil {
						w.fault("the processor was not killed")
					}
					h.start()
				},
				check: func(t *testing.T, w *world) {
					w.want(t, span{"cat", 1, w.pane(0, 1)}, count{likes: 1, total: 1})
					w.want(t, span{"dog", 1, w.pane(1, 1)}, count{likes: 1, total: 1})
				},
			}.run(t)
		})
	}
}

// dieAtApply kills at the n-th step, from now on, of bringing a commit to the
// store: even is before, odd is after.
func (l *life) dieAtApply(n int, die func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n += 2 * l.applies
	l.atApply = func(at int) {
		if at == n {
			die()
		}
	}
}

// zombie is a leader that hangs between two parts of a publication, for longer
// than its session, while another takes over; then what it had sent arrives.
func zombie() story {
	p := quiet()
	p.hosts, p.partRecords = 2, 1 // a video per part
	return story{
		plan: p,
		tell: func(w *world) {
			w.start(2)
			for i := range 6 {
				w.crowd.post(fmt.Sprintf("cat-%d", i))
			}
			leader := w.leader().alive()
			second := requests{"", w.publishes}.nth(1)
			leader.wire.set(&trap{match: second, stays: true, spring: func() { w.hang(leader, 9*time.Second) }})
			w.until(20500 * time.Millisecond) // half a second before it moves again
			if n := w.leaders(); n != 2 || !leader.lives() {
				w.fault("%d processors lead, want the one that hangs and its successor", n)
			}
			w.until(40 * time.Second)
		},
		check: func(t *testing.T, w *world) {
			if w.tally.n["publications in parts"] == 0 {
				t.Error("the publication had one part only")
			}
		},
	}
}

// A zombie between two parts of a publication: nothing of what it sends late is
// ever seen.
func TestZombieBetweenTwoParts(t *testing.T) {
	t.Parallel()
	zombie().run(t)
}

// A zombie whose log was deleted below what it has to read next has lost
// nothing, and does not stop its process.
func TestZombieWhoseLogIsGone(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.hosts = 2
	story{
		plan: p,
		tell: func(w *world) {
			w.start(2)
			w.crowd.post("cat")
			l := w.leader().alive()
			w.hang(l, 70*time.Second)
			w.until(90 * time.Second)
			if !l.lives() {
				w.fault("%s is gone", l.h.name)
			}
			w.crowd.post("cat")
		},
		check: func(t *testing.T, w *world) {
			if w.logStart == 0 {
				t.Error("nothing was ever deleted from the log")
			}
		},
	}.run(t)
}

// R that would go back after a truncation: a leader without a store takes over
// when the log behind the last position is deleted, again and again, with open
// windows. That R stays, and the log behind it alone is deleted, is checked for
// every position (positions_test.go); that nothing is missing, for every like.
func TestReplayAfterTruncation(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.hosts, p.partRecords = 2, 3
	story{
		plan: p,
		tell: func(w *world) {
			w.start(2)
			for i := range 12 {
				w.until(time.Duration(10*i+17) * time.Second)
				for j := range 4 {
					w.crowd.post(fmt.Sprintf("cat-%d", j))
					w.crowd.put(0, fmt.Sprintf("late-%d", j), time.Now().Add(-15*time.Second))
				}
				h := w.leader()
				h.kill(comeback{store: emptyStores})
				h.start()
			}
		},
		check: func(t *testing.T, w *world) {
			if w.logStart == 0 {
				t.Error("nothing was ever deleted from the log")
			}
		},
	}.run(t)
}

// A backlog of an hour, read at full speed, gives the outputs of the slow run.
func TestBacklogOfAnHour(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	p := quiet()
	p.sources, p.pane, p.grace = 2, time.Minute, 5*time.Second
	finals := func(likes func(w *world)) (out map[span]count) {
		story{plan: p, tell: likes, check: func(_ *testing.T, w *world) { out = w.finals }}.run(t)
		return out
	}
	everySeconds := func(w *world, visit func(i int, at time.Time)) {
		for i := range 1200 {
			visit(i, w.began.Add(10*time.Second+time.Duration(i)*3*time.Second))
		}
	}
	slow := finals(func(w *world) {
		w.start(1)
		everySeconds(w, func(i int, at time.Time) {
			time.Sleep(time.Until(at))
			w.crowd.put(int32(i%2), fmt.Sprintf("cat-%d", i%7), at)
		})
	})
	fast := finals(func(w *world) {
		w.start(1)
		w.hosts[0].stop() // the topics are there
		everySeconds(w, func(i int, at time.Time) {
			time.Sleep(time.Until(at))
			w.crowd.put(int32(i%2), fmt.Sprintf("cat-%d", i%7), at)
		})
		w.hosts[0].start()
		time.Sleep(10 * time.Second)
	})
	if !maps.Equal(slow, fast) || len(slow) < 7*60 {
		t.Errorf("the slow run published %d records, the fast one %d; they differ", len(slow), len(fast))
		for s, c := range slow {
			if fast[s] != c {
				t.Errorf("%+v: slow %+v, fast %+v", s, c, fast[s])
			}
		}
	}
}

// Likes on only one source partition: the others hold no window up.
func TestLikesOnOneSourceOnly(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.sources, p.logPartitions = 3, 3
	story{
		plan: p,
		tell: func(w *world) {
			w.start(1)
			w.calm = time.Now()
			for i := range 30 {
				w.crowd.put(1, fmt.Sprintf("cat-%d", i%5), time.Now())
				time.Sleep(time.Second)
			}
		},
		check: func(t *testing.T, w *world) {
			for s, c := range w.finals {
				if c.late > 0 {
					t.Errorf("%+v has late likes: %+v", s, c)
				}
			}
		},
	}.run(t)
}

// A night without likes, and one without processors: the next morning's like is
// in its own window, on time.
func TestNightWithoutLikes(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	for name, night := range map[string]func(w *world){
		"running": func(w *world) { time.Sleep(40 * time.Minute) }, // 240 empty panes
		"down": func(w *world) {
			w.hosts[0].stop()
			time.Sleep(8 * time.Hour)
			w.hosts[0].start()
			time.Sleep(5 * time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var evening, morning int64
			story{
				plan: quiet(),
				tell: func(w *world) {
					w.start(1)
					evening = paneOf(time.Now().UnixMilli(), w.plan.pane)
					w.crowd.post("owl")
					night(w)
					w.calm = time.Now()
					morning = paneOf(time.Now().UnixMilli(), w.plan.pane)
					w.crowd.post("owl")
				},
				check: func(t *testing.T, w *world) {
					w.want(t, span{"owl", 1, evening}, count{likes: 1, total: 1})
					w.want(t, span{"owl", 1, morning}, count{likes: 1, total: 2})
				},
			}.run(t)
		})
	}
}

// Late likes: counted once, marked, in the first open window.
func TestLateLikes(t *testing.T) {
	t.Parallel()
	story{
		plan: quiet(),
		tell: func(w *world) {
			w.start(1)
			w.crowd.post("cat")
			w.until(25 * time.Second) // the frontier is in pane 2
			for range 3 {
				w.crowd.put(0, "cat", w.began.Add(6*time.Second))
			}
			w.crowd.put(0, "cat", w.began.Add(24*time.Second))
		},
		check: func(t *testing.T, w *world) {
			w.want(t, span{"cat", 1, w.pane(0, 1)}, count{likes: 1, total: 1})
			w.want(t, span{"cat", 1, w.pane(2, 1)}, count{likes: 4, late: 3, total: 5})
			w.want(t, span{"cat", 10, w.pane(0, 10)}, count{likes: 5, late: 3, total: 5})
		},
	}.run(t)
}

// A fault that hits a session's heartbeats alone moves the work to others, and
// back, without a trace in the counts.
func TestMembersThatAreForgotten(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.hosts, p.sources, p.logPartitions = 2, 2, 2
	story{
		plan: p,
		tell: func(w *world) {
			w.start(2)
			forget := func(f *frame) bool { return f.key == kmsg.Heartbeat.Int16() }
			for i := range 20 {
				w.hosts[i%2].alive().wire.set(&trap{match: forget, spring: func() {}})
				w.crowd.post(fmt.Sprintf("cat-%d", i%3))
				time.Sleep(2 * time.Second)
			}
		},
	}.run(t)
}
