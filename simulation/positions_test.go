package simulation_test

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// position is what the oracle reads of a position in the changelog: how far is
// published, and R, where a reader of the log has to begin.
type position struct {
	published int64 // all panes before it are
	cursor    string
	replay    int64
}

// decodePosition reads the layout that positions are drawn with: version, the
// group, pane length, two topic ids, the published pane, the cursor, R; the
// rest is not looked at.
func decodePosition(b []byte) (p position, err error) {
	defer func() {
		if recover() != nil {
			err = errShort
		}
	}()
	uvarint := func() int {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return int(v)
	}
	text := func() string {
		n := uvarint()
		s := string(b[:n])
		b = b[n:]
		return s
	}
	b = b[1:]
	text() // the group
	uvarint()
	b = b[16+16:]
	published, n := binary.Varint(b)
	b = b[n:]
	p.published = published
	p.cursor = text()
	p.replay = int64(uvarint())
	return p, nil
}

// positions holds every committed position against the log: neither what is
// published nor R ever goes back, and no like that is not published lies before
// R, below which the log may be deleted.
func (c *court) positions() {
	for _, partition := range c.sight.partitions(c.w.topics.Changelog) {
		places := c.oracle.places[partition]
		last := position{published: math.MinInt64}
		for _, r := range c.sight.read(place{c.w.topics.Changelog, partition}) {
			if string(r.Key) != "\x00p" {
				continue
			}
			p, err := decodePosition(r.Value)
			switch {
			case err != nil:
				c.fault("position %x: %v", r.Value, err)
				continue
			case p.replay < last.replay:
				c.fault("R of log %d goes back from %d to %d", partition, last.replay, p.replay)
			case p.published < last.published || p.published == last.published && p.cursor < last.cursor:
				c.fault("what is published of log %d goes back from %+v to %+v", partition, last, p)
			}
			if first, ok := places.firstAfter(p); ok && first < p.replay {
				c.fault("R of log %d is %d, but the like at %d is not published: %+v", partition, p.replay, first, p)
			}
			if p.cursor != "" {
				c.w.tally.add("publications in parts")
			}
			last = p
		}
	}
}

// places are the log offsets at which the likes of a video in a pane begin.
type places struct {
	of     map[int64]map[string]int64 // by pane they count in, and video
	panes  []int64                    // ascending
	firsts []int64                    // of panes[i] and all after it
}

func (p *places) add(pane int64, video string, offset int64) {
	if p.of == nil {
		p.of = make(map[int64]map[string]int64)
	}
	if p.of[pane] == nil {
		p.of[pane] = make(map[string]int64)
	}
	if _, ok := p.of[pane][video]; !ok {
		p.of[pane][video] = offset
	}
}

// firstAfter is the offset of the first like that a position does not say is
// published.
func (p *places) firstAfter(at position) (int64, bool) {
	if p == nil || len(p.of) == 0 {
		return 0, false
	}
	if p.panes == nil {
		p.index()
	}
	first := int64(math.MaxInt64)
	i, found := slices.BinarySearchFunc(p.panes, at.published, cmp.Compare[int64])
	if found {
		for video, offset := range p.of[at.published] {
			if video > at.cursor {
				first = min(first, offset)
			}
		}
		i++
	}
	if i < len(p.panes) {
		first = min(first, p.firsts[i])
	}
	return first, first < math.MaxInt64
}

func (p *places) index() {
	for pane := range p.of {
		p.panes = append(p.panes, pane)
	}
	slices.Sort(p.panes)
	p.firsts = make([]int64, len(p.panes))
	first := int64(math.MaxInt64)
	for i := len(p.panes) - 1; i >= 0; i-- {
		for _, offset := range p.of[p.panes[i]] {
			first = min(first, offset)
		}
		p.firsts[i] = first
	}
}
