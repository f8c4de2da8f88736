package check

import (
	"fmt"
	"io"
	"time"

	"distributed-counter/chaos/record"
)

// Answers are what the load was told, per video.
type Answers struct {
	Acknowledged, Unknown map[string]uint64
	Bad                   int // bad records that were acknowledged
}

// Quiet says whether everything that a recount calls for has come. It may not
// have, ever, where something is wrong.
func (l *Ledger) Quiet() bool {
	want := 0
	for _, f := range l.logs {
		for s, next := range f.next {
			if next < l.read[s] {
				return false
			}
		}
		if !f.finished() {
			return false
		}
		want += len(f.windows)
	}
	return len(l.finals) >= want && len(l.dead) >= len(l.bad)
}

// Judge prints one line per invariant, and what violates it below, and says
// whether all hold. calm is since when all tasks run: windows that end later
// must be final in time; zero where that never was.
func (l *Ledger) Judge(out io.Writer, answers Answers, calm time.Time) bool {
	lines := []struct {
		name  string
		line  int
		check func() string
	}{
		{"I1", 1, func() string { return l.acknowledged(answers) }},
		{"I2", 2, l.sums},
		{"I3", 3, func() string { return fmt.Sprintf("%d final records, each once", len(l.finals)) }},
		{"I4", 4, func() string { return l.times(calm) }},
		{"I5", 5, l.recounts},
		{"I6", 6, func() string { return l.deadLetters(answers) }},
		{"owner", owner, func() string { return fmt.Sprintf("%d partitions had one writer at a time", len(l.reigns)) }},
	}
	hold := true
	for _, c := range lines {
		summary := c.check()
		if n := l.faults.count[c.line]; n > 0 {
			hold = false
			fmt.Fprintf(out, "%s VIOLATED, %d times (%s)\n", c.name, n, summary)
			for _, d := range l.faults.details[c.line] {
				fmt.Fprintf(out, "    %s\n", d)
			}
			continue
		}
		fmt.Fprintf(out, "%s holds: %s\n", c.name, summary)
	}
	return hold
}

// acknowledged is I1, after all windows have closed: nothing is open any more.
func (l *Ledger) acknowledged(a Answers) string {
	published := make(map[string]uint64)
	for k, f := range l.finals {
		if k.window == 0 {
			published[k.video] += f.Count
		}
	}
	videos := make(map[string]bool)
	for _, m := range []map[string]uint64{published, a.Acknowledged, a.Unknown} {
		for v := range m {
			videos[v] = true
		}
	}
	var acknowledged, unknown, counted uint64
	for v := range videos {
		low, high, got := a.Acknowledged[v], a.Acknowledged[v]+a.Unknown[v], published[v]
		if got < low || got > high {
			l.faults.add(1, "%s: %d counted, want %d acknowledged and at most %d unknown", v, got, low, a.Unknown[v])
		}
		acknowledged, unknown, counted = acknowledged+low, unknown+a.Unknown[v], counted+got
	}
	if counted == 0 {
		l.faults.add(1, "no like was counted at all")
	}
	return fmt.Sprintf("%d likes of %d videos acknowledged, %d unknown, %d counted", acknowledged, len(videos), unknown, counted)
}

// sums is I2.
func (l *Ledger) sums() string {
	type ten struct {
		video string
		first int64
	}
	sums := make(map[ten][len(windows)]uint64)
	for k, f := range l.finals {
		t := ten{k.video, record.First(k.first, longest)}
		s := sums[t]
		s[k.window] += f.Count
		sums[t] = s
	}
	for t, s := range sums {
		if s[0] != s[1] || s[1] != s[2] {
			l.faults.add(2, "%s, ten panes from %s: the one-minute counts are %d, the five-minute counts %d, the ten-minute count %d",
				t.video, l.cfg.start(t.first).Format("15:04:05"), s[0], s[1], s[2])
		}
	}
	return fmt.Sprintf("%d times a video's ten panes", len(sums))
}

// times is I4. Event time here is at most the clock, so that no window may be
// final before its end and the grace by the clock; and none before the record
// of the log by which it became due.
func (l *Ledger) times(calm time.Time) string {
	inTime, slowest := 0, time.Duration(0)
	bound := l.cfg.Grace + l.cfg.Idle + l.cfg.Slack
	for k, f := range l.finals {
		if f.at.Before(f.End.Add(l.cfg.Grace)) {
			l.faults.add(4, "%s: written %v after its end, before the grace was over", l.name(k), f.at.Sub(f.End))
		}
		due, passed := l.logs[l.cfg.owner(k.video)].due(k.first + windows[k.window].panes - 1)
		if !passed || f.at.Before(due) {
			l.faults.add(4, "%s: written at %v, but due only at %v", l.name(k), f.at, due)
		}
		if !calm.IsZero() && f.End.After(calm) {
			after := f.seen.Sub(f.End)
			inTime, slowest = inTime+1, max(slowest, after)
			if after > bound {
				l.faults.add(4, "%s: final %v after its end, want at most %v", l.name(k), after, bound)
			}
		}
	}
	if !calm.IsZero() && inTime == 0 {
		l.faults.add(4, "no window ended after %v, when all tasks ran", calm)
	}
	return fmt.Sprintf("none early; %d windows while all tasks ran, the slowest final %v after its end", inTime, slowest.Round(time.Millisecond))
}

// deadLetters is I6.
func (l *Ledger) deadLetters(a Answers) string {
	for from, want := range l.bad {
		switch got := l.dead[from]; {
		case len(got) != 1:
			l.faults.add(6, "the bad record at %d/%d has %d dead letters", from.partition, from.offset, len(got))
		case got[0] != want:
			l.faults.add(6, "the dead letter of %d/%d has other bytes", from.partition, from.offset)
		}
	}
	for from := range l.dead {
		if _, bad := l.bad[from]; !bad {
			l.faults.add(6, "a dead letter of %d/%d, where no bad record was", from.partition, from.offset)
		}
	}
	if len(l.bad) < a.Bad {
		l.faults.add(6, "%d bad records were acknowledged, %d are there", a.Bad, len(l.bad))
	}
	return fmt.Sprintf("%d bad records, as many dead letters, byte for byte", len(l.bad))
}
