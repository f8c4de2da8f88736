package simulation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// court holds what was seen against the oracle. Each check says in words what
// is violated.
type court struct {
	w      *world
	sight  sight
	oracle *oracle
	// calm is since when all tasks run and have no lag: from then on windows
	// have to be final in time. Zero: never.
	calm    time.Time
	now     time.Time
	verdict []string
}

func (c *court) fault(format string, args ...any) {
	c.verdict = append(c.verdict, fmt.Sprintf(format, args...))
}

// judge checks everything that can be seen in the topics, once the world is at
// rest and all windows are closed.
func (w *world) judge() []string {
	c := &court{w: w, sight: w.eyes.sight(), calm: w.calm, now: time.Now()}
	c.oracle = recountLog(c.sight, w.topics.Log, w.plan.pane)
	w.mu.Lock()
	c.verdict = slices.Concat(w.faults, w.eyes.faults, c.oracle.faults)
	w.mu.Unlock()
	if n := c.sight.undecided(); n > 0 {
		c.fault("%d records are in transactions that never ended", n)
	}
	finals := c.finals()
	w.finals, w.logStart = finals, w.cluster.PartitionInfo(w.topics.Log, 0).LogStartOffset
	c.accounts(finals)
	c.sums(finals)
	c.recount(finals)
	c.ingestion(finals)
	c.dead()
	c.running()
	c.positions()
	c.views()
	w.tally.addN("aborted transactions", c.sight.aborts)
	return c.verdict
}

// finalRecord is the value of a record in an aggregations topic, in the words
// of the contract.
type finalRecord struct {
	Type  string    `json:"type"`
	Video string    `json:"video_uid"`
	Count uint64    `json:"count"`
	Start time.Time `json:"window_start"`
	End   time.Time `json:"window_end"`
	Late  uint64    `json:"late"`
	Total uint64    `json:"total"`
}

var panesOf = map[string]int64{"1min": 1, "5min": 5, "10min": 10}

// finals reads the final counts. I3: one per video and window, ever. I4: not
// before its time, and in time once it is calm.
func (c *court) finals() map[span]count {
	out := make(map[span]count)
	p := c.w.plan
	for i, topic := range c.w.topics.Aggregations {
		name := []string{"1min", "5min", "10min"}[i]
		for _, r := range c.sight.topic(topic) {
			var f finalRecord
			if err := json.Unmarshal(r.Value, &f); err != nil {
				c.fault("%s offset %d: %v", topic, r.Offset, err)
				continue
			}
			win := span{f.Video, panesOf[f.Type], paneOf(f.Start.UnixMilli(), p.pane)}
			length := time.Duration(win.panes) * p.pane
			prefix := fmt.Sprintf(`{"type":"%s","video_uid":`, f.Type)
			if f.Type != name || string(r.Key) != f.Video || f.End.Sub(f.Start) != length || modulo(win.first, win.panes) != 0 ||
				f.Start.UnixMilli() != win.first*p.pane.Milliseconds() || f.Count == 0 || !bytes.HasPrefix(r.Value, []byte(prefix)) {
				c.fault("final record %s with key %q in %s is not what the contract says", r.Value, r.Key, topic)
			}
			if before, twice := out[win]; twice {
				c.fault("I3: two final records of %v: first %+v, then %s", win, before, r.Value)
			}
			out[win] = count{f.Count, f.Late, f.Total}
			if due := f.End.Add(p.grace); r.Timestamp.Before(due) {
				c.fault("I4: %s was written %v before its window's end and grace", r.Value, due.Sub(r.Timestamp))
			}
			// A count of a closed window may be a late like's, but then the
			// window was open when that came.
			latest := f.End.Add(p.grace + p.idle + 2*time.Second)
			if !c.calm.IsZero() && f.End.After(c.calm) && r.settled.After(latest) {
				c.fault("I4: %s came %v too late, in calm times", r.Value, r.settled.Sub(latest))
			}
			c.w.tally.addN("late likes", int(f.Late)*int(1/win.panes))
		}
	}
	c.w.tally.addN("final counts", len(out))
	return out
}

// accounts is I1: no like is lost, and none is counted twice.
func (c *court) accounts(finals map[span]count) {
	counted := make(map[string]uint64)
	for win, n := range finals {
		if win.panes == 1 {
			counted[win.video] += n.likes
		}
	}
	crowd := &c.w.crowd
	crowd.mu.Lock()
	defer crowd.mu.Unlock()
	videos := maps.Clone(crowd.acked)
	maps.Copy(videos, crowd.unknown)
	maps.Copy(videos, counted)
	for _, v := range slices.Sorted(maps.Keys(videos)) {
		acked, unknown := crowd.acked[v], crowd.unknown[v]
		if n := counted[v]; n < acked || n > acked+unknown && !crowd.anyone {
			c.fault("I1: %q has %d likes in its final 1-minute counts, but %d were acknowledged and of %d more nobody knows", v, n, acked, unknown)
		}
		c.w.tally.addN("likes acknowledged", int(acked))
		c.w.tally.addN("likes without an answer", int(unknown))
	}
}

// sums is I2.
func (c *court) sums(finals map[span]count) {
	for win, ten := range finals {
		var ones, fives uint64
		tens := span{win.video, 10, win.first - modulo(win.first, 10)}
		for i := range int64(10) {
			ones += finals[span{win.video, 1, tens.first + i}].likes
		}
		for i := range int64(2) {
			fives += finals[span{win.video, 5, tens.first + 5*i}].likes
		}
		if ten = finals[tens]; ones != ten.likes || fives != ten.likes {
			c.fault("I2: %v: ten 1-minute counts are %d, two 5-minute counts %d, the 10-minute count %d", tens, ones, fives, ten.likes)
		}
	}
}

// recount is the first half of I5: the outputs are what the log says.
func (c *court) recount(finals map[span]count) {
	want := c.oracle.finals()
	for _, win := range sortedWindows(want, finals) {
		g, w := finals[win], want[win]
		if g != w {
			c.fault("I5: final count of %v: got %+v, the log says %+v", win, g, w)
		}
	}
	for v, t := range c.oracle.videos {
		for p := range t.counted {
			if _, ok := want[span{v, 10, p - modulo(p, 10)}]; !ok {
				c.fault("I1: likes of %q in pane %d are still open after the silence: the frontier is %d", v, p, c.oracle.frontier[c.oracle.home[v]])
			}
		}
	}
}

func sortedWindows(sets ...map[span]count) []span {
	all := make(map[span]count)
	for _, s := range sets {
		maps.Copy(all, s)
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b span) int {
		return strings.Compare(fmt.Sprintf("%s %03d %020d", a.video, a.panes, a.first), fmt.Sprintf("%s %03d %020d", b.video, b.panes, b.first))
	})
}
