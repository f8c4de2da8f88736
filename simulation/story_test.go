package simulation_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// story runs a world in which everything happens as it is told, and holds it
// against all invariants. What it was about, check looks at afterwards.
type story struct {
	plan  plan
	tell  func(w *world)
	check func(t *testing.T, w *world)
}

// quiet is the plan of a small world in which nothing goes wrong by itself.
// Panes begin at the start of the bubble's time.
func quiet() plan {
	return plan{seed: 1, hosts: 1, sources: 1, logPartitions: 1, pane: 10 * time.Second, grace: time.Second, idle: 500 * time.Millisecond}
}

func (s story) run(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(s.plan)
		if verdict := s.judge(w); len(verdict) > 0 {
			t.Errorf("%s\n\nwhat happened:\n%s", strings.Join(verdict, "\n"), strings.Join(w.notes[max(0, len(w.notes)-60):], "\n"))
		}
		if s.check != nil {
			s.check(t, w)
		}
	})
}

func (s story) judge(w *world) []string {
	defer w.close()
	s.tell(w)
	w.crowd.busy.Wait()
	return w.verdict()
}

// start starts the first n processors and waits until they work.
func (w *world) start(n int) {
	for _, h := range w.hosts[:n] {
		h.start()
	}
	time.Sleep(5 * time.Second)
}

// until waits for an instant of the bubble's time.
func (w *world) until(d time.Duration) { time.Sleep(time.Until(w.began.Add(d))) }

// leader is the host that leads the only log partition.
func (w *world) leader() *host {
	for _, h := range w.running() {
		if h.alive().leads() {
			return h
		}
	}
	w.fault("nobody leads")
	return w.hosts[0]
}

// leaders is how many believe to lead it.
func (w *world) leaders() (n int) {
	for _, h := range w.running() {
		if h.alive().leads() {
			n++
		}
	}
	return n
}

func (l *life) leads() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open[0] != nil
}

// want holds what was published of a video in a window against a count.
func (w *world) want(t *testing.T, s span, c count) {
	t.Helper()
	if got := w.finals[s]; got != c {
		t.Errorf("final count of %+v: got %+v, want %+v", s, got, c)
	}
}

// publishes matches writes of final counts.
func (w *world) publishes(f *frame) bool {
	if f.key != kmsg.Produce.Int16() || !f.of("count") {
		return false
	}
	for _, t := range f.request().(*kmsg.ProduceRequest).Topics {
		if w.topicName(t) == w.topics.Aggregations[0] {
			return true
		}
	}
	return false
}

// endsPublication matches ends of transactions that publish: each that follows
// a write of final counts.
func (w *world) endsPublication() func(f *frame) bool {
	wrote := false
	return func(f *frame) bool {
		if w.publishes(f) {
			wrote = true
		}
		return wrote && f.key == kmsg.EndTxn.Int16() && f.of("count")
	}
}

func (w *world) topicName(t kmsg.ProduceRequestTopic) string {
	if t.Topic != "" {
		return t.Topic
	}
	if info := w.cluster.TopicIDInfo(t.TopicID); info != nil {
		return info.Topic
	}
	return ""
}

// records is how many a reader finds in a topic now.
func (w *world) records(topic string) (n int) {
	second := observe(kgo.Dialer(w.net.DialContext), w.cluster.ListenAddrs(), []string{topic})
	time.Sleep(2 * time.Second)
	second.close()
	return second.came
}
