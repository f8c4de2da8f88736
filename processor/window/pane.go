package window

import (
	"cmp"
	"encoding/binary"
	"slices"
	"unsafe"
)

// pane is the unpublished counts of one pane.
type pane struct {
	// from is the offset of the first record that put a count here, at the
	// progress before that record: whoever replays from there finds all of it.
	from int64
	at   Progress

	index   map[string]uint32 // video → place in entries
	entries []entry
	arena   []byte // the ids' bytes, a chunk at a time
	order   []uint32
}

// entry is a video in a pane. One whose count is 0 has been published.
type entry struct {
	id        string
	count     Count
	announced uint64 // likes of count that a running record has told of
	rank      uint8  // the highest queue it waits in, see announcements; 0 none
	queued    uint32 // bit r: it has a place in the queue of rank r
}

func newPane(from int64, at Progress) *pane {
	return &pane{from: from, at: at, index: make(map[string]uint32)}
}

// add counts likes of a video, and returns its place and, where it has to
// wait in another queue for its announcement than before, that queue.
func (p *pane) add(id []byte, c Count) (n uint32, rank uint8) {
	n, ok := p.index[string(id)]
	if !ok {
		n = uint32(len(p.entries))
		own := p.keep(id)
		p.entries = append(p.entries, entry{id: own})
		p.index[own] = n
		p.order = nil
	}
	e := &p.entries[n]
	e.count.add(c)
	if r := rankOf(e.count.Likes - e.announced); r > e.rank {
		e.rank = r
		return n, r
	}
	return n, 0
}

// Memory for ids is taken in chunks of these sizes, in bytes, each twice the one
// before: an allocation for a thousand videos, not one each, and little for a
// pane with one.
const (
	minChunk = 256
	maxChunk = 32 << 10
)

// keep copies an id to where it stays for the life of the pane.
func (p *pane) keep(id []byte) string {
	if cap(p.arena)-len(p.arena) < len(id) {
		p.arena = make([]byte, 0, min(max(2*cap(p.arena), minChunk), maxChunk))
	}
	start := len(p.arena)
	p.arena = append(p.arena, id...)
	own := p.arena[start:]
	return unsafe.String(&own[0], len(own)) // these bytes are never written again
}

// drop forgets the videos up to and including last: they are published.
func (p *pane) drop(last string) {
	if last == "" {
		return
	}
	if p.order != nil {
		n, found := slices.BinarySearchFunc(p.order, last, func(n uint32, id string) int {
			return cmp.Compare(p.entries[n].id, id)
		})
		if found {
			n++
		}
		for _, i := range p.order[:n] {
			p.entries[i] = entry{id: p.entries[i].id}
		}
		p.order = p.order[n:]
		return
	}
	for i := range p.entries {
		if p.entries[i].id <= last {
			p.entries[i] = entry{id: p.entries[i].id}
		}
	}
}

// ordered is the places of the videos with a count, in the order of their
// ids' bytes. It is kept until a video is added, so a pane that is due is
// sorted once.
func (p *pane) ordered() []uint32 {
	if p.order != nil {
		return p.order
	}
	// Most comparisons are decided by the first eight bytes: as one integer
	// beside the place, they spare a walk to the entry.
	type key struct {
		head uint64
		n    uint32
	}
	keys := make([]key, 0, len(p.entries))
	for n := range p.entries {
		if e := &p.entries[n]; e.count.Likes > 0 {
			keys = append(keys, key{head(e.id), uint32(n)})
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return cmp.Compare(p.entries[a.n].id, p.entries[b.n].id)
	})
	p.order = make([]uint32, len(keys))
	for i, k := range keys {
		p.order[i] = k.n
	}
	return p.order
}

func head(id string) uint64 {
	var b [8]byte
	copy(b[:], id)
	return binary.BigEndian.Uint64(b[:])
}
