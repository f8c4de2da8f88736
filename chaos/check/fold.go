package check

import (
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/chaos/record"
)

// logFold recounts one partition of the log, from its first record. The rule
// is the documented one: a like counts in its own pane or, where that is before
// the frontier as it was before the record, in the frontier's, and is late.
type logFold struct {
	partition int
	cfg       Config
	next      []int64 // by source: the offset after those that the log has; −1 before the first
	marks     []int64 // by source: watermark, less the grace
	frontier  int64
	steps     []step // when the frontier moved

	own     map[cell]uint64       // by the likes' own panes
	ownLate map[cell]uint64       // of them, those that were counted later
	counted map[cell]record.Count // by the panes they were counted in

	windows map[key]struct{} // that have likes
	last    int64            // the pane before which all of them end
}

// step is a move of the frontier by a record with a timestamp.
type step struct {
	frontier int64
	at       time.Time
}

func newLogFold(partition int, cfg Config) *logFold {
	f := &logFold{
		partition: partition, cfg: cfg, frontier: record.Never,
		own: make(map[cell]uint64), ownLate: make(map[cell]uint64), counted: make(map[cell]record.Count),
		windows: make(map[key]struct{}), last: record.Never,
	}
	for range cfg.Sources {
		f.next = append(f.next, -1)
		f.marks = append(f.marks, 0)
	}
	return f
}

// add folds a record, and says how many cells it opened. The source offsets
// make the log a chain per source: one that does not fit is a gap, or something
// twice.
func (f *logFold) add(r *kgo.Record) (fresh int, err error) {
	b, err := record.ParseBatch(r.Value)
	switch {
	case err != nil:
		return 0, err
	case b.PaneMS != f.cfg.ms() || b.Sources != f.cfg.Sources:
		return 0, fmt.Errorf("panes of %d ms and %d sources, want %d and %d", b.PaneMS, b.Sources, f.cfg.ms(), f.cfg.Sources)
	case b.From != max(0, f.next[b.Source]):
		err = fmt.Errorf("source %d continues at offset %d, want %d", b.Source, b.From, max(0, f.next[b.Source]))
	}
	likes := uint64(0)
	for _, d := range b.Deltas {
		if f.cfg.owner(d.Video) != f.partition {
			err = errors.Join(err, fmt.Errorf("%s belongs to log partition %d", d.Video, f.cfg.owner(d.Video)))
		}
		own, in := cell{d.Video, d.Pane}, cell{d.Video, max(d.Pane, f.frontier)}
		f.own[own] += d.Likes
		c, open := f.counted[in]
		c.Likes += d.Likes
		if own != in {
			c.Late += d.Likes
			f.ownLate[own] += d.Likes
		}
		if f.counted[in] = c; !open {
			fresh++
			f.open(in)
		}
		likes += d.Likes
	}
	if likes > uint64(b.To-b.From) {
		err = errors.Join(err, fmt.Errorf("%d likes from %d offsets", likes, b.To-b.From))
	}
	if b.Last {
		f.mark(&b, r.Timestamp)
	}
	return fresh, err
}

// open notes the windows of a cell that is new.
func (f *logFold) open(c cell) {
	for w, window := range windows {
		f.windows[key{c.video, w, record.First(c.pane, window.panes)}] = struct{}{}
	}
	f.last = max(f.last, record.First(c.pane, longest)+longest)
}

func (f *logFold) mark(b *record.Batch, at time.Time) {
	if f.next[b.Source] < 0 {
		f.marks[b.Source] = b.Watermark
	}
	f.next[b.Source] = b.To
	f.marks[b.Source] = max(f.marks[b.Source], b.Watermark)
	low := f.marks[0]
	for s, m := range f.marks {
		if f.next[s] < 0 {
			return
		}
		low = min(low, m)
	}
	if pane := record.Pane(low, f.cfg.ms()); pane > f.frontier {
		f.frontier = pane
		f.steps = append(f.steps, step{pane, at})
	}
}

// due is when the frontier passed a pane; false while it has not.
func (f *logFold) due(pane int64) (time.Time, bool) {
	i := sort.Search(len(f.steps), func(i int) bool { return f.steps[i].frontier > pane })
	if i == len(f.steps) {
		return time.Time{}, false
	}
	return f.steps[i].at, true
}

// expected are the final records that the recount calls for: those of all
// windows that the frontier has passed.
func (f *logFold) expected() map[key]record.Final {
	want := make(map[key]record.Final)
	for c, n := range f.counted {
		for w, window := range windows {
			k := key{c.video, w, record.First(c.pane, window.panes)}
			if k.first+window.panes > f.frontier {
				continue
			}
			e := want[k]
			e.Count += n.Likes
			e.Late += n.Late
			want[k] = e
		}
	}
	for k, total := range f.totals() {
		if e, ok := want[k]; ok {
			e.Total = total
			want[k] = e
		}
	}
	return want
}

// totals are the lifetime totals as of each window's end.
func (f *logFold) totals() map[key]uint64 {
	panes := make(map[string][]int64)
	for c := range f.counted {
		panes[c.video] = append(panes[c.video], c.pane)
	}
	totals := make(map[key]uint64)
	for video, ps := range panes {
		sort.Slice(ps, func(i, j int) bool { return ps[i] < ps[j] })
		total := uint64(0)
		for _, p := range ps {
			total += f.counted[cell{video, p}].Likes
			for w, window := range windows {
				totals[key{video, w, record.First(p, window.panes)}] = total // the last of a window stays
			}
		}
	}
	return totals
}

// finished says whether the frontier has passed the windows of all likes.
func (f *logFold) finished() bool { return f.frontier >= f.last }

const longest = 10
