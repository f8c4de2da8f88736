package window

import (
	"bytes"
	"unsafe"

	"distributed-counter/likes"
)

// tally is what a counter holds of one video: its unpublished likes, and what
// is published of it as far as that was looked up.
//
// What a like changes comes first, in three lines of a processor's cache; what
// is published is looked at once per publication.
type tally struct {
	id    string      // its bytes are in short, where they fit
	panes []paneCount // with unpublished likes, ascending; empty where all is published

	fresh  uint64 // likes since a running record told of the video
	queued uint32 // bit r: it has a place in the queue of rank r
	rank   uint8  // the highest queue it waits in, see announcements; 0 none
	idle   bool   // it has a place among those with nothing unpublished

	short [shortID]byte
	few   [2]paneCount // where panes begins: a pane, and the next while it is being published

	known     uint64 // the counter's epoch in which published was true; 0 never
	published Video
}

// shortID is the length of the ids that a tally has room for: a UUID's.
const shortID = 36

type paneCount struct {
	pane likes.Pane
	Count
}

// add counts likes in a pane, and says whether they are the first there.
func (t *tally) add(p likes.Pane, c Count) (first bool) {
	i := len(t.panes)
	for i > 0 && t.panes[i-1].pane > p {
		i--
	}
	if i > 0 && t.panes[i-1].pane == p {
		t.panes[i-1].add(c)
		return false
	}
	t.panes = append(t.panes, paneCount{})
	copy(t.panes[i+1:], t.panes[i:])
	t.panes[i] = paneCount{p, c}
	return true
}

// in is the count in a pane that has one.
func (t *tally) in(p likes.Pane) Count {
	for i := range t.panes {
		if t.panes[i].pane == p {
			return t.panes[i].Count
		}
	}
	return Count{}
}

// after is the counts in the panes after p.
func (t *tally) after(p likes.Pane) []paneCount {
	for i := range t.panes {
		if t.panes[i].pane > p {
			return t.panes[i:]
		}
	}
	return nil
}

// drop forgets a pane: its count is published.
func (t *tally) drop(p likes.Pane) {
	for i := range t.panes {
		if t.panes[i].pane == p {
			t.panes = append(t.panes[:i], t.panes[i+1:]...)
			return
		}
	}
}

// maxIdle bounds the videos that a counter remembers although all of their
// likes are published: those that will soon be liked again, most likely, and
// need not be looked up then.
const maxIdle = 1 << 15

// tallies are a counter's videos: all that have unpublished likes, and some
// that had until lately.
type tallies struct {
	byID index
	idle []*tally // oldest first; one that is not idle any more is passed over
	slab []tally
}

// slabTallies is how many videos memory is taken for at once: few, so that one
// which is always liked keeps little else from being freed.
const slabTallies = 64

// get is the tally of a video, a new one where there is none.
func (s *tallies) get(id []byte) *tally {
	hash := s.byID.hash(id)
	if t := s.byID.find(hash, id); t != nil {
		return t
	}
	if len(s.slab) == 0 {
		s.slab = make([]tally, slabTallies)
	}
	t := &s.slab[0]
	s.slab = s.slab[1:]
	own := t.short[:copy(t.short[:], id)]
	if len(own) < len(id) {
		own = bytes.Clone(id)
	}
	t.id = unsafe.String(&own[0], len(own)) // these bytes are never written again
	t.panes = t.few[:0]
	s.byID.insert(hash, t)
	return t
}

// rest puts a video that has nothing unpublished among the idle, and forgets
// the one that has been idle longest where they are too many.
func (s *tallies) rest(t *tally) {
	if t.idle {
		return
	}
	t.idle = true
	s.idle = append(s.idle, t)
	for len(s.idle) > maxIdle {
		oldest := s.idle[0]
		s.idle = s.idle[1:]
		oldest.idle = false
		if len(oldest.panes) == 0 {
			s.byID.remove(s.byID.hashOf(oldest), oldest)
		}
	}
}
