package window

import (
	"unsafe"

	"distributed-counter/likes"
)

// tally is what a counter holds of one video: its unpublished likes, and what
// is published of it as far as that was looked up.
type tally struct {
	id    string
	panes []paneCount  // with unpublished likes, ascending; empty where all is published
	few   [2]paneCount // where panes begins: a pane, and the next while it is being published

	published Video
	known     uint64 // the counter's epoch in which published was true; 0 never

	fresh  uint64 // likes since a running record told of the video
	rank   uint8  // the highest queue it waits in, see announcements; 0 none
	queued uint32 // bit r: it has a place in the queue of rank r
	idle   bool   // it has a place among those with nothing unpublished
}

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
	byID map[string]*tally
	idle []*tally // oldest first; one that is not idle any more is passed over
	slab []tally
	text []byte // where ids are kept
}

// Memory for videos is taken in pieces of a few, so that one which is always
// liked keeps little else from being freed.
const (
	slabTallies = 64
	slabText    = 4 << 10
)

// get is the tally of a video, a new one where there is none.
func (s *tallies) get(id []byte) *tally {
	if t := s.byID[string(id)]; t != nil {
		return t
	}
	if len(s.slab) == 0 {
		s.slab = make([]tally, slabTallies)
	}
	t := &s.slab[0]
	s.slab = s.slab[1:]
	if cap(s.text)-len(s.text) < len(id) {
		s.text = make([]byte, 0, slabText)
	}
	start := len(s.text)
	s.text = append(s.text, id...)
	own := s.text[start:]
	t.id = unsafe.String(&own[0], len(own)) // these bytes are never written again
	t.panes = t.few[:0]
	s.byID[t.id] = t
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
			delete(s.byID, oldest.id)
		}
	}
}
