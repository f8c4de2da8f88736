package window

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"distributed-counter/likes"
)

// ErrForeign says that a record of the log cannot be folded: other bytes,
// another pane length, or a gap before it. The counter must be dropped; to go
// on would be to miscount.
var ErrForeign = errors.New("log does not fit")

// ErrGap is the [ErrForeign] of a record that does not begin where the last one
// of its source partition ended: what was between is not in the log.
var ErrGap = fmt.Errorf("%w: something is missing before it", ErrForeign)

// Counter is COUNT's core: it folds one partition of the log into panes, and
// says what is due. A record is folded in this order: its deltas, then its
// watermark. A like counts in its own pane or, where that is before the
// frontier as it was before the record, in the frontier's: late, but never
// lost and in exactly one window. So the pane of each like depends on the log
// alone, and replaying from [Position.Replay] with the progress kept beside it
// puts every like where it was.
//
// Following and leading are the same folding. A leader also calls Plan, writes
// the [Part], and calls Apply once it is committed; a follower calls Follow
// with the positions that a leader committed. Fold may be called between Plan
// and Apply.
//
// It is stepped by one goroutine. What it holds is bounded by the videos with
// unpublished likes, and maxIdle others.
type Counter struct {
	length   time.Duration
	pos      Position // what is published
	progress Progress // after folding all before next; Marks are changed in place
	next     int64
	newest   likes.Pane // the newest pane folded: "now" for running counts
	panes    map[likes.Pane]*pane
	videos   tallies
	waiting  announcements

	// epoch changes when what is published changes otherwise than by Apply, so
	// that nothing looked up before is believed after.
	epoch   uint64
	asked   []*tally // lookUp's, for reuse
	ids     []string
	answers []Video
}

// NewCounter begins to fold at pos.Replay.
func NewCounter(pos Position) *Counter {
	return &Counter{
		length:   pos.Pane,
		pos:      pos,
		progress: pos.At.clone(),
		next:     pos.Replay,
		newest:   likes.Never,
		panes:    make(map[likes.Pane]*pane),
		videos:   tallies{byID: newIndex()},
		epoch:    1,
	}
}

// Next is the offset of the record that Fold is to be called with next, or of
// one before it that is no data record.
func (c *Counter) Next() int64 { return c.next }

// Position is what is published, as far as the counter knows.
func (c *Counter) Position() Position { return c.pos }

// Frontier is the first pane that is still open; Never before the first.
func (c *Counter) Frontier() likes.Pane { return c.progress.Frontier }

// Due says whether there is something to publish, be it only a position.
func (c *Counter) Due() bool { return c.progress.Frontier > c.pos.Published }

// DuePanes is how many panes with unpublished likes are due.
func (c *Counter) DuePanes() int {
	n := 0
	for number := range c.panes {
		if number < c.progress.Frontier {
			n++
		}
	}
	return n
}

// Folded is what Fold did, for metrics.
type Folded struct {
	Likes uint64 // unpublished likes counted
	Late  uint64 // of them, in a later pane than their own
}

// Fold folds the log record at an offset. An error means that the record is
// not one of this log's: the counter must not be used any more.
func (c *Counter) Fold(offset int64, value []byte) (Folded, error) {
	b, err := ParseBatch(value)
	if err != nil {
		return Folded{}, fmt.Errorf("fold offset %d: %w: %w", offset, ErrForeign, err)
	}
	if err := c.fits(offset, &b); err != nil {
		return Folded{}, fmt.Errorf("fold offset %d: %w", offset, err)
	}
	var folded Folded
	var current *pane
	number := likes.Never
	for d := range b.Deltas() {
		p := max(d.Pane, c.progress.Frontier)
		if c.pos.covers(p, d.ID) {
			continue
		}
		if current == nil || number != p {
			current, number = c.pane(p, offset), p
		}
		count := Count{Likes: d.Likes}
		if p != d.Pane {
			count.Late = d.Likes
		}
		folded.Likes += count.Likes
		folded.Late += count.Late
		t := c.videos.get(d.ID)
		if t.add(p, count) {
			current.add(t)
		}
		c.waiting.add(t, d.Likes)
	}
	c.merge(&b)
	c.next = offset + 1
	return folded, nil
}

// fits holds a batch against what this log must look like. The source offsets
// make the log a chain per source: a link that is missing here would be likes
// that nobody ever counts.
func (c *Counter) fits(offset int64, b *Batch) error {
	switch {
	case offset < c.next:
		panic(fmt.Sprintf("window: log offset %d folded after %d", offset, c.next-1))
	case b.Pane != c.length:
		return fmt.Errorf("%w: it has panes of %v, this processor counts in panes of %v", ErrForeign, b.Pane, c.length)
	case b.Source < len(c.progress.Marks) && c.progress.Marks[b.Source].Known && b.From != c.progress.Marks[b.Source].Next:
		return fmt.Errorf("%w: source partition %d continues at offset %d, expected %d", ErrGap, b.Source, b.From, c.progress.Marks[b.Source].Next)
	}
	return nil
}

func (c *Counter) pane(number likes.Pane, offset int64) *pane {
	p := c.panes[number]
	if p == nil {
		p = &pane{from: offset, at: c.progress.clone()}
		c.panes[number] = p
		c.newest = max(c.newest, number)
	}
	return p
}

// merge takes over what a batch says of its source, after its deltas.
func (c *Counter) merge(b *Batch) {
	marks := c.progress.Marks
	for len(marks) < b.Sources {
		marks = append(marks, Mark{})
	}
	c.progress.Marks = marks
	if !b.Last {
		return
	}
	m := &marks[b.Source]
	if !m.Known || b.Watermark > m.Watermark {
		m.Watermark = b.Watermark
	}
	m.Known, m.Next = true, b.To
	low := marks[0].Watermark
	for _, m := range marks {
		if !m.Known {
			return
		}
		low = min(low, m.Watermark)
	}
	c.progress.Frontier = max(c.progress.Frontier, likes.PaneOf(low, c.length))
}

// Apply takes over that a part was committed.
func (c *Counter) Apply(part *Part) {
	for i, t := range part.own {
		t.published = part.Values[i].Video
		t.known = c.epoch
		t.told(part.told[i])
	}
	c.publish(part.Position)
}

// Follow takes over a position that was committed, and drops what it says is
// published. Whether the counter has folded that far makes no difference. The
// position must not be behind the last one: what that one covers is gone from
// the counter, and would be published again, in part.
func (c *Counter) Follow(pos Position) {
	c.epoch++
	c.publish(pos)
}

func (c *Counter) publish(pos Position) {
	if pos.Published < c.pos.Published || pos.Published == c.pos.Published && pos.Cursor < c.pos.Cursor || pos.Replay < c.pos.Replay {
		panic(fmt.Sprintf("window: position goes back from pane %s cursor %q replay %d to pane %s cursor %q replay %d",
			name(c.pos.Published), c.pos.Cursor, c.pos.Replay, name(pos.Published), pos.Cursor, pos.Replay))
	}
	c.pos = pos
	for number, p := range c.panes {
		switch {
		case number < pos.Published:
			c.drop(number, p.videos)
			delete(c.panes, number)
		case number == pos.Published && pos.Cursor != "":
			c.drop(number, p.upTo(pos.Cursor))
		}
	}
}

func (c *Counter) drop(number likes.Pane, published []*tally) {
	for _, t := range published {
		t.drop(number)
		if len(t.panes) == 0 {
			t.told(t.fresh) // by whoever published it
			c.videos.rest(t)
		}
	}
}

// replayFrom is the offset from which everything unpublished can be folded
// again once all before (published, cursor) is, with the progress before it.
func (c *Counter) replayFrom(published likes.Pane) (int64, Progress) {
	offset, at := c.next, c.progress
	for number, p := range c.panes {
		if number >= published && p.from < offset {
			offset, at = p.from, p.at
		}
	}
	if offset < c.pos.Replay {
		return c.pos.Replay, c.pos.At // it never goes back: the log before it may be gone
	}
	return offset, at.clone()
}

// open are the numbers of the panes with unpublished likes, ascending.
func (c *Counter) open() []likes.Pane {
	numbers := make([]likes.Pane, 0, len(c.panes))
	for number := range c.panes {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	return numbers
}
