package window

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
)

// pane is the videos with unpublished likes in one pane.
type pane struct {
	// from is the offset of the first record that put a count here, at the
	// progress before that record: whoever replays from there finds all of it.
	from int64
	at   Progress

	videos []*tally
	sorted bool // by id
}

func (p *pane) add(t *tally) {
	p.videos = append(p.videos, t)
	p.sorted = false
}

// ordered is the videos in the order of their ids' bytes. A pane that is due
// gets no more of them, so it is sorted once.
func (p *pane) ordered() []*tally {
	if p.sorted {
		return p.videos
	}
	// Most comparisons are decided by the first eight bytes: as one integer
	// beside the pointer, they spare a walk to the id.
	type key struct {
		head uint64
		t    *tally
	}
	keys := make([]key, len(p.videos))
	for i, t := range p.videos {
		keys[i] = key{head(t.id), t}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return cmp.Compare(a.t.id, b.t.id)
	})
	for i, k := range keys {
		p.videos[i] = k.t
	}
	p.sorted = true
	return p.videos
}

func head(id string) uint64 {
	var b [8]byte
	copy(b[:], id)
	return binary.BigEndian.Uint64(b[:])
}

// upTo takes the videos up to and including last out of the pane.
func (p *pane) upTo(last string) []*tally {
	videos := p.ordered()
	n := sort.Search(len(videos), func(i int) bool { return videos[i].id > last })
	p.videos = videos[n:]
	return videos[:n]
}
