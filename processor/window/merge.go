package window

import (
	"bytes"

	"distributed-counter/likes"
)

// merge walks, in the order of ids, over the videos of a pane that is being
// published and of the published panes that the windows ending with it reach
// back to: up to ten ordered ranges.
type merge struct {
	published Table
	pane      likes.Pane
	own       *entry // the current video's in the pane itself, nil if it has none

	id    string
	total uint64 // as of the newest pane before this one; 0 where there is none in reach
	video Video  // as published; only where own is set

	ranges []publishedRange // by pane, ascending
	hits   []int            // those that have the current video
	counts [likes.LongestWindow]Count

	entries []entry // of the pane
	order   []uint32
	ids     []string // of the looked-up stretch of order
	videos  []Video
	looked  int // how many of videos have been used
	failed  error
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

func newMerge(published Table, p likes.Pane, after string, own *pane) *merge {
	m := &merge{published: published, pane: p}
	for q := longestEnding(p); q < p; q++ {
		rows := published.Pane(q, after)
		if rows.Next() {
			m.ranges = append(m.ranges, publishedRange{pane: q, rows: rows, row: rows.Row(), ok: true})
		} else if err := rows.Close(); err != nil && m.failed == nil {
			m.failed = err
		}
	}
	if own != nil {
		m.entries, m.order = own.entries, own.ordered()
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
	if len(m.order) > 0 {
		switch e := &m.entries[m.order[0]]; {
		case len(m.hits) == 0 || e.id < string(least):
			m.hits = m.hits[:0]
			m.own = e
		case e.id == string(least):
			m.own = e
		}
	}
	if m.failed != nil || m.own == nil && len(m.hits) == 0 {
		return false
	}
	return m.load(least)
}

// load makes the video that next has found the current one.
func (m *merge) load(id []byte) bool {
	m.counts, m.total, m.video = [likes.LongestWindow]Count{}, 0, Video{}
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
	m.counts[slot(m.pane)] = m.own.count
	return m.lookUp()
}

// lookUp sets video to what is published of the current own video, asking the
// table for a stretch of them at a time.
func (m *merge) lookUp() bool {
	if m.looked == len(m.ids) {
		n := min(lookup, len(m.order))
		m.ids, m.looked = m.ids[:0], 0
		for _, i := range m.order[:n] {
			m.ids = append(m.ids, m.entries[i].id)
		}
		if m.videos == nil {
			m.videos = make([]Video, min(lookup, len(m.order)))
		}
		if err := m.published.Videos(m.ids, m.videos[:n]); err != nil {
			m.failed = err
			return false
		}
	}
	m.video = m.videos[m.looked]
	m.looked++
	return true
}

// step moves past the current video.
func (m *merge) step() {
	if m.own != nil {
		m.order = m.order[1:]
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
