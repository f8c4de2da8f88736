package check

import (
	"fmt"

	"distributed-counter/chaos/record"
)

// recounts is I5.
func (l *Ledger) recounts() string {
	for _, f := range l.logs {
		l.recountLog(f)
		for s, next := range f.next {
			if next != l.read[s] {
				l.faults.add(5, "log partition %d covers source %d up to offset %d, it ends at %d", f.partition, s, next, l.read[s])
			}
		}
	}
	l.recountLikes()
	l.recountChangelog()
	return fmt.Sprintf("recounts of %d and of %d counts give the outputs", l.cells(), len(l.likes))
}

func (l *Ledger) cells() (n int) {
	for _, f := range l.logs {
		n += len(f.counted)
	}
	return n
}

// recountLog holds the final records against those that the log calls for.
func (l *Ledger) recountLog(f *logFold) {
	want := f.expected()
	for k, w := range want {
		got, there := l.finals[k]
		switch {
		case !there:
			l.faults.add(5, "%s: no final record, want count %d", l.name(k), w.Count)
		case got.Count != w.Count || got.Late != w.Late || got.Total != w.Total:
			l.faults.add(5, "%s: count %d late %d total %d, want %d, %d, %d", l.name(k), got.Count, got.Late, got.Total, w.Count, w.Late, w.Total)
		}
	}
	for k, got := range l.finals {
		if _, called := want[k]; !called && l.cfg.owner(k.video) == f.partition {
			l.faults.add(5, "%s: a final record with count %d that the log does not call for", l.name(k), got.Count)
		}
	}
	if !f.finished() {
		l.faults.add(5, "log partition %d: its frontier, %s, has not passed all likes", f.partition, l.cfg.start(f.frontier))
	}
}

// recountLikes holds the log, and with it all that follows from it, against the
// likes themselves; and, again and in one step, the final records.
func (l *Ledger) recountLikes() {
	inLog := make(map[cell]uint64)
	ownLate := make(map[cell]uint64)
	for _, f := range l.logs {
		for c, n := range f.own {
			inLog[c] += n
		}
		for c, n := range f.ownLate {
			ownLate[c] += n
		}
	}
	for c, n := range l.likes {
		if inLog[c] != n {
			l.faults.add(5, "%s in the pane from %s: %d likes, the log has %d", c.video, l.cfg.start(c.pane), n, inLog[c])
		}
	}
	for c, n := range inLog {
		if _, there := l.likes[c]; !there {
			l.faults.add(5, "%s in the pane from %s: no likes, the log has %d", c.video, l.cfg.start(c.pane), n)
		}
	}
	for k, f := range l.finals {
		var likes, late uint64
		for p := k.first; p < k.first+windows[k.window].panes; p++ {
			likes += l.likes[cell{k.video, p}]
			late += ownLate[cell{k.video, p}]
		}
		if f.Count-f.Late != likes-late {
			l.faults.add(5, "%s: %d likes in time, want %d (%d, of them %d counted later)", l.name(k), f.Count-f.Late, likes-late, likes, late)
		}
	}
}

// recountChangelog holds the newest changelog record and the newest running
// total of each video against the recount: what a store is restored from, and
// what people see.
func (l *Ledger) recountChangelog() {
	for _, f := range l.logs {
		want := make(map[string]record.Published)
		for c, n := range f.counted {
			p, known := want[c.video]
			if !known || c.pane > p.Newest {
				p.Newest = c.pane
			}
			p.Total += n.Likes
			want[c.video] = p
		}
		for video, p := range want {
			for i := range p.Counts {
				p.Counts[i] = f.counted[cell{video, p.Newest - int64(i)}]
			}
			if got := l.published[video]; got != p {
				l.faults.add(5, "%s: the changelog has %+v, want %+v", video, got, p)
			}
			if got := l.totals[video]; got != p.Total {
				l.faults.add(5, "%s: the last running total is %d, want %d", video, got, p.Total)
			}
		}
		if got := l.positions[f.partition]; len(want) > 0 && got.Published > f.frontier {
			l.faults.add(5, "log partition %d: published up to pane %d, beyond the frontier %d", f.partition, got.Published, f.frontier)
		}
	}
}
