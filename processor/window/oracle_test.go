package window_test

import (
	"slices"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// oracle recounts a log with slices and loops. It is told what each commit of
// PARTITION was made of (likes with their event times, not sums in batches),
// and shares no code with the package under test.
type oracle struct {
	paneMS int64
	counts []counted         // in the order of the log
	before []window.Progress // by log offset: what was known before that record
	now    window.Progress   // and after all of them
}

// told is a commit of PARTITION as the oracle gets to know it.
type told struct {
	source, sources int
	to              int64 // source offset after the commit
	likes           []like
	watermark       int64 // less grace
}

// like is a record of an ingestion partition.
type like struct {
	at int64 // event time, ms
	id string
}

// counted is one like in the pane it counts in.
type counted struct {
	offset int64
	pane   likes.Pane
	id     string
	late   bool
}

func newOracle(paneMS int64) *oracle {
	return &oracle{paneMS: paneMS, now: window.Progress{Frontier: likes.Never}}
}

// add folds the log's next record; nil is a record of no like: a control
// record, or one that was aborted.
func (o *oracle) add(c *told) {
	offset := int64(len(o.before))
	o.before = append(o.before, window.Progress{Marks: slices.Clone(o.now.Marks), Frontier: o.now.Frontier})
	if c == nil {
		return
	}
	for _, l := range c.likes {
		own := o.paneOf(l.at)
		in := own
		if in < o.now.Frontier {
			in = o.now.Frontier
		}
		o.counts = append(o.counts, counted{offset, in, l.id, in != own})
	}
	for len(o.now.Marks) < c.sources {
		o.now.Marks = append(o.now.Marks, window.Mark{})
	}
	m := &o.now.Marks[c.source]
	if !m.Known || m.Watermark < c.watermark {
		m.Watermark = c.watermark
	}
	m.Known, m.Next = true, c.to
	least := m.Watermark
	for _, m := range o.now.Marks {
		if !m.Known {
			return
		}
		if m.Watermark < least {
			least = m.Watermark
		}
	}
	if f := o.paneOf(least); f > o.now.Frontier {
		o.now.Frontier = f
	}
}

func (o *oracle) paneOf(ms int64) likes.Pane {
	n := ms / o.paneMS
	for n*o.paneMS > ms {
		n--
	}
	return likes.Pane(n)
}

// progress is what is known before the record at an offset.
func (o *oracle) progress(offset int64) window.Progress {
	if offset < int64(len(o.before)) {
		return o.before[offset]
	}
	return o.now
}

// first is the first pane of the window of n panes that p lies in.
func (o *oracle) first(p likes.Pane, n int) likes.Pane {
	for int64(p)%int64(n) != 0 {
		p--
	}
	return p
}

// final is what must be published of a video and the window of n panes that
// ends with pane p.
func (o *oracle) final(id string, p likes.Pane, n int) (count, late, total uint64) {
	for _, c := range o.counts {
		if c.id != id || c.pane > p {
			continue
		}
		total++
		if c.pane > p-likes.Pane(n) {
			count++
			if c.late {
				late++
			}
		}
	}
	return count, late, total
}

// running is what must be announced of a video by whoever has folded the log
// up to an offset.
func (o *oracle) running(id string, next int64) window.Running {
	r := window.Running{ID: id, Pane: likes.Never}
	for _, c := range o.counts {
		if c.offset < next && c.pane > r.Pane {
			r.Pane = c.pane
		}
	}
	for _, c := range o.counts {
		if c.id != id || c.offset >= next {
			continue
		}
		r.Total++
		for i, n := range [...]int{1, 5, 10} {
			if o.first(c.pane, n) == o.first(r.Pane, n) {
				r.Counts[i]++
			}
		}
	}
	return r
}

// replay is the offset of the first record with a like that is not covered by
// a position, and the end of the log where there is none.
func (o *oracle) replay(published likes.Pane, cursor string) int64 {
	for _, c := range o.counts {
		if c.pane > published || c.pane == published && c.id > cursor {
			return c.offset
		}
	}
	return int64(len(o.before))
}
