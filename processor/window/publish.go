package window

import (
	"fmt"

	"distributed-counter/likes"
)

// Part is one part of a publication: what a transaction has to write, all of
// it or nothing. It is a plan, and changes nothing until Apply.
type Part struct {
	// Pane is the pane that is published; the windows of Finals end with it.
	// Where the part is a position alone it means nothing.
	Pane likes.Pane
	// Finals are the final counts, by video in byte order, each video's
	// windows shortest first.
	Finals []Final
	// Values are the published states, for changelog and store, of the videos
	// with likes in the pane, in byte order.
	Values []Value
	// Live are the running counts of those of Values that had one waiting.
	Live []Running
	// Position goes last.
	Position Position

	own  []*tally // of Values
	told []uint64 // how many new likes Live tells of, by Values
}

// Final is a final count: of one video, in the window Windows[Window] that
// ends with the part's pane.
type Final struct {
	ID     string
	Window int
	Count  Count
	Total  uint64 // lifetime total as of the end of the window
}

// Value is the state of a video after a part.
type Value struct {
	ID    string
	Video Video
}

// Records is how many records the part is.
func (p *Part) Records() int { return len(p.Finals) + len(p.Values) + len(p.Live) + 1 }

// Plan says what is to be published next: of the first pane that is due, the
// videos in byte order, as many as make about limit records (at least one
// video), and the position after them. Where no pane is due with anything in
// it, the part is a position alone; where none is due at all, Plan returns
// nil. It reads from published what is published, which must be what the
// counter's position says.
//
// The unit is the video: its final counts, its value and its running counts
// are in the same part.
func (c *Counter) Plan(published Table, limit int) (*Part, error) {
	if !c.Due() {
		return nil, nil
	}
	number, ok, err := c.firstDue(published)
	if err != nil {
		return nil, fmt.Errorf("plan publication: %w", err)
	}
	part := &Part{Pane: number, Position: Position{Identity: c.pos.Identity}}
	if !ok {
		c.setPosition(part, c.progress.Frontier, "")
		return part, nil
	}
	last, more, err := c.fill(part, published, limit)
	if err != nil {
		return nil, fmt.Errorf("plan publication of pane %d: %w", number, err)
	}
	if more {
		c.setPosition(part, number, last)
	} else {
		c.setPosition(part, number+1, "")
	}
	return part, nil
}

func (c *Counter) setPosition(part *Part, published likes.Pane, cursor string) {
	pos := &part.Position
	pos.Published, pos.Cursor = published, cursor
	pos.Replay, pos.At = c.replayFrom(published)
}

// firstDue is the first pane before the frontier with something to publish:
// likes of its own, or a longer window that ends with it and has likes. A
// night of empty panes is one step.
func (c *Counter) firstDue(published Table) (likes.Pane, bool, error) {
	open := c.open()
	p := c.pos.Published
	if p == likes.Never {
		if len(open) == 0 {
			return 0, false, nil
		}
		p = open[0]
	}
	if c.pos.Cursor != "" {
		return p, true, nil // the rest of a pane that was begun
	}
	for last := c.pos.Published + likes.LongestWindow; p < c.progress.Frontier; p++ {
		if c.panes[p] != nil {
			return p, true, nil
		}
		if c.pos.Published != likes.Never && p < last {
			filled, err := windowFilled(published, p)
			if filled || err != nil {
				return p, true, err
			}
			continue
		}
		// No published pane reaches this far: the next with likes is open.
		for len(open) > 0 && open[0] < p {
			open = open[1:]
		}
		if len(open) == 0 || open[0] >= c.progress.Frontier {
			return 0, false, nil
		}
		p = open[0] - 1
	}
	return 0, false, nil
}

// windowFilled says whether a window that ends with p, a pane without likes of
// its own, has likes.
func windowFilled(published Table, p likes.Pane) (bool, error) {
	for q := longestEnding(p); q < p; q++ {
		rows := published.Pane(q, "")
		filled := rows.Next()
		if err := rows.Close(); err != nil {
			return false, err
		}
		if filled {
			return true, nil
		}
	}
	return false, nil
}

// longestEnding is the first pane of the longest window that ends with p.
func longestEnding(p likes.Pane) likes.Pane {
	first := p
	for _, w := range likes.Windows {
		if w.EndsWith(p) {
			first = w.First(p)
		}
	}
	return first
}

// fill puts videos into the part until it has about limit records, and
// returns the last of them, and whether there are more.
func (c *Counter) fill(part *Part, published Table, limit int) (last string, more bool, err error) {
	m := c.newMerge(published, part.Pane, c.pos.after(part.Pane))
	defer func() {
		if e := m.close(); err == nil {
			err = e
		}
	}()
	n := min(len(m.videos), limit/2+1) // at least a value and a final count each
	part.Values, part.own, part.told = make([]Value, 0, n), make([]*tally, 0, n), make([]uint64, 0, n)
	part.Finals = make([]Final, 0, n)
	for (last == "" || part.Records() <= limit) && m.next() {
		last = m.id
		total := m.total
		if m.own != nil {
			total = c.publishOwn(part, m.own)
		}
		for i, w := range likes.Windows {
			if !w.EndsWith(part.Pane) {
				continue
			}
			if count := m.sum(w.First(part.Pane)); count.Likes > 0 {
				part.Finals = append(part.Finals, Final{ID: m.id, Window: i, Count: count, Total: total})
			}
		}
	}
	return last, m.next(), nil
}

// publishOwn puts a video with likes in the part's pane into the part, and
// returns its total.
func (c *Counter) publishOwn(part *Part, t *tally) uint64 {
	video := t.published
	video.Add(part.Pane, t.in(part.Pane))
	told := uint64(0)
	if t.rank > 0 {
		told = t.fresh
		part.Live = append(part.Live, c.running(t.id, &video, t.after(part.Pane)))
	}
	part.Values = append(part.Values, Value{t.id, video})
	part.own = append(part.own, t)
	part.told = append(part.told, told)
	return video.Total
}

// after is the video that has been published last of a pane, "" if none.
func (p *Position) after(pane likes.Pane) string {
	if p.Published == pane {
		return p.Cursor
	}
	return ""
}
