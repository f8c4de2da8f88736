package window

import (
	"bytes"

	"distributed-counter/likes"
)

// merge walks, in the order of ids, over the videos of a pane that is being
// published and of the published panes that the windows ending with it reach
// back to: up to ten ordered ranges.
type merge struct {
	c         *Counter
	published Table
	pane      likes.Pane

	id    string
	total uint64 // as of the newest pane before this one; 0 where there is none in reach
	own   *tally // where the current video has likes in the pane itself; looked up

	ranges []publishedRange // by pane, ascending
	hits   []int            // those that have the current video
	counts [likes.LongestWindow]Count

	videos []*tally // the rest of the pane
	looked int      // how many of them have been looked up
	failed error
}

// publishedRange is the rest of a published pane.
type publishedRange struct {
	pane likes.Pane
	rows Rows
	row  Row
	ok   bool
}

// lookup is how many videos are asked of the table at once.
const lookup = 1024

func (c *Counter) newMerge(published Table, p likes.Pane, after string) *merge {
	m := &merge{c: c, published: published, pane: p}
	for q := longestEnding(p); q < p; q++ {
		rows := published.Pane(q, after)
		if rows.Next() {
			m.ranges = append(m.ranges, publishedRange{pane: q, rows: rows, row: rows.Row(), ok: true})
		} else if err := rows.Close(); err != nil && m.failed == nil {
			m.failed = err
		}
	}
	if own := c.panes[p]; own != nil {
		m.videos = own.ordered()
	}
	return m
}

// next steps to the next video; false at the end or at an error, which close
// returns. Once false it stays so.
func (m *merge) next() bool {
	m.step()
	var least []byte
	m.hits = m.hits[:0]
	for i := range m.ranges {
		r := &m.ranges[i]
		if !r.ok {
			continue
		}
		switch c := bytes.Compare(r.row.ID, least); {
		case len(m.hits) == 0 || c < 0:
			least = r.row.ID
			m.hits = append(m.hits[:0], i)
		case c == 0:
			m.hits = append(m.hits, i)
		}
	}
	m.own = nil
	if len(m.videos) > 0 {
		switch t := m.videos[0]; {
		case len(m.hits) == 0 || t.id < string(least):
			m.hits = m.hits[:0]
			m.own = t
		case t.id == string(least):
			m.own = t
		}
	}
	if m.failed != nil || m.own == nil && len(m.hits) == 0 {
		return false
	}
	return m.load(least)
}

// load makes the video that next has found the current one.
func (m *merge) load(id []byte) bool {
	m.counts, m.total = [likes.LongestWindow]Count{}, 0
	for _, i := range m.hits {
		r := &m.ranges[i]
		m.counts[slot(r.pane)] = r.row.Count
		m.total = r.row.Total
	}
	if m.own == nil {
		m.id = string(id)
		return true
	}
	m.id = m.own.id
	m.counts[slot(m.pane)] = m.own.in(m.pane)
	if m.looked == 0 {
		m.looked = min(lookup, len(m.videos))
		if m.failed = m.c.lookUp(m.published, m.videos[:m.looked]); m.failed != nil {
			return false
		}
	}
	return true
}

// step moves past the current video.
func (m *merge) step() {
	if m.own != nil {
		m.videos = m.videos[1:]
		m.looked--
	}
	for _, i := range m.hits {
		r := &m.ranges[i]
		if r.ok = r.rows.Next(); r.ok {
			r.row = r.rows.Row()
		}
	}
}

// sum is the current video's count from pane first to the pane itself.
func (m *merge) sum(first likes.Pane) Count {
	var c Count
	for q := first; q <= m.pane; q++ {
		c.add(m.counts[slot(q)])
	}
	return c
}

func (m *merge) close() error {
	for i := range m.ranges {
		if err := m.ranges[i].rows.Close(); err != nil && m.failed == nil {
			m.failed = err
		}
	}
	return m.failed
}
