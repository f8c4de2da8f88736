package simulation_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// watched is a small world that two viewers watch through one gateway: running
// counts move, windows close, and a processor dies with an announcement begun.
func watched() story {
	p := quiet()
	p.videos = 2
	return story{
		plan: p,
		tell: func(w *world) {
			w.openGates(1)
			w.admit(2, false)
			w.start(1)
			for i := range 8 {
				w.crowd.post(w.crowd.videos()[i%2])
				time.Sleep(3 * time.Second)
			}
			h := w.hosts[0]
			h.alive().wire.set(&trap{match: w.endsAnnouncement(), spring: func() { h.kill(comeback{}) }})
			w.crowd.post("video-01")
			time.Sleep(2 * time.Second)
			if h.alive() != nil {
				w.fault("the processor was not killed")
			}
			h.start()
			time.Sleep(3 * time.Second)
		},
	}
}

// endsAnnouncement matches the end of a transaction that has written running
// counts.
func (w *world) endsAnnouncement() func(f *frame) bool {
	wrote := false
	return func(f *frame) bool {
		if f.key == kmsg.Produce.Int16() && f.of("count") {
			for _, t := range f.request().(*kmsg.ProduceRequest).Topics {
				wrote = wrote || w.topicName(t) == w.topics.Live
			}
		}
		return wrote && f.key == kmsg.EndTxn.Int16() && f.of("count")
	}
}

// I7: viewers are told what the topics say.
func TestViewersAreToldWhatTheTopicsSay(t *testing.T) {
	t.Parallel()
	s := watched()
	s.check = func(t *testing.T, w *world) {
		if n := w.tally.n["values that viewers had in time"]; n < 40 {
			t.Errorf("%d values that viewers had in time: too few to tell", n)
		}
		for _, v := range w.viewers {
			v.mu.Lock()
			if len(v.visits) != 1 {
				t.Errorf("%s had to come %d times, want 1", v.name, len(v.visits))
			}
			v.mu.Unlock()
		}
	}
	s.run(t)
}

// behind is a small world in which a gateway is cut off while windows close.
func behind() story {
	p := quiet()
	p.videos = 2
	return story{
		plan: p,
		tell: func(w *world) {
			w.openGates(1)
			w.admit(2, false)
			w.start(1)
			time.Sleep(8 * time.Second) // viewers have been told what is known
			var likes sync.WaitGroup
			likes.Go(func() {
				for i := range 24 {
					w.crowd.post(w.crowd.videos()[i%2])
					time.Sleep(2 * time.Second)
				}
			})
			cutGate(w.gates[0], 18*time.Second)
			likes.Wait()
		},
	}
}

// A viewer whose gateway was behind is told every window, not only the last.
func TestViewersMissNoWindow(t *testing.T) {
	t.Parallel()
	s := behind()
	s.check = func(t *testing.T, w *world) {
		if n := w.tally.n["windows that viewers had each"]; n < 12 {
			t.Errorf("%d windows that viewers had each: too few to tell", n)
		}
	}
	s.run(t)
}

// A viewer whose gateway goes is up to date again on another one.
func TestViewersMoveToAnotherGateway(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.videos = 2
	story{
		plan: p,
		tell: func(w *world) {
			w.openGates(2)
			w.admit(4, false)
			w.start(1)
			for i := range 6 {
				w.crowd.post("video-00")
				time.Sleep(2 * time.Second)
				g := w.gates[i%2]
				if i < 3 {
					g.kill()
				} else {
					g.stop()
				}
				time.Sleep(4 * time.Second)
				g.start()
				time.Sleep(time.Second)
			}
		},
		check: func(t *testing.T, w *world) {
			for _, v := range w.viewers {
				v.mu.Lock()
				if len(v.visits) < 2 {
					t.Errorf("%s came %d times, want more: gateways went", v.name, len(v.visits))
				}
				v.mu.Unlock()
			}
		},
	}.run(t)
}

// Gateways that are broken, made from outside: what the first viewer hears is
// changed, or what a gateway asks for. Each must be noticed, in the story that
// passes without it.
func TestMutationsOfGateways(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		story story
		spoil func(w *world)
		sign  string // of one of the violations
	}{
		{"drops the last update", watched(), hears(func(running []string, event string) []string {
			if strings.Contains(event, `"total":5,`) { // the last of each video
				return nil
			}
			return []string{event}
		}), "was not told live_counts"},
		{"goes back in time", watched(), hears(func(running []string, event string) []string {
			if len(running) == 4 {
				return []string{event, running[0]}
			}
			return []string{event}
		}), "after something newer"},
		{"counts by itself", watched(), hears(func(running []string, event string) []string {
			return []string{strings.Replace(event, `"total":3,`, `"total":4,`, 1)}
		}), "what no committed record says"},
		{"tells of other videos", watched(), hears(func(running []string, event string) []string {
			return []string{event, strings.ReplaceAll(event, "video-00", "video-77")}
		}), "does not watch"},
		{"drops final counts", watched(), hears(func(running []string, event string) []string {
			if strings.HasPrefix(event, `["live_aggregations_5"`) {
				return nil
			}
			return []string{event}
		}), "was not told live_aggregations_5"},
		{"tells of the newest window alone", behind(), hears(func(_ []string, event string) []string {
			if strings.Contains(event, `_1",`) && strings.Contains(event, `:20Z","window_end"`) { // the next comes with it
				return nil
			}
			return []string{event}
		}), "was never told live_aggregations_1"},
		{"reads what is not committed", watched(), func(w *world) {
			w.spoilGate = func(f *frame) {
				if f.key != kmsg.Fetch.Int16() {
					return
				}
				req := f.request().(*kmsg.FetchRequest)
				req.IsolationLevel = 0
				f.replace(req)
			}
		}, "what no committed record says"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(tc.story.plan)
				tc.spoil(w)
				verdict := tc.story.judge(w)
				for _, v := range verdict {
					if strings.Contains(v, "I7") && strings.Contains(v, tc.sign) {
						t.Logf("caught: %s", v)
						return
					}
				}
				t.Errorf("not noticed; the verdict is %q, expected something with %q", verdict, tc.sign)
			})
		})
	}
}

// hears changes what the first viewer hears; running is the running counts that
// it has heard, the latest included.
func hears(change func(running []string, event string) []string) func(*world) {
	return func(w *world) {
		var running []string
		w.spoilView = func(v *viewer, event string) []string {
			if v != w.viewers[0] {
				return []string{event}
			}
			if strings.HasPrefix(event, `["live_counts"`) && strings.Contains(event, "video-01") {
				running = append(running, event)
			}
			return change(running, event)
		}
	}
}
