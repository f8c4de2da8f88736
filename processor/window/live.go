package window

import (
	"math/bits"
	"slices"

	"distributed-counter/likes"
)

// Running is the running counts of a video: absolute values as of what was
// folded.
type Running struct {
	ID string
	// Pane is "now": the newest pane folded. The windows are those it lies in.
	Pane   likes.Pane
	Total  uint64
	Counts [len(likes.Windows)]uint64 // by row of likes.Windows
}

// Announce is the running counts of up to limit videos whose counts have
// changed since they were last announced. Where more have changed, half of
// limit goes to those with the most new likes, and half to those that have
// waited longest, so that none stays stale. It reads from published what is
// published, which must be what the counter's position says.
//
// What is announced no longer waits: a caller that does not get the answer
// committed must drop the counter, as it must for any unknown end.
func (c *Counter) Announce(published Table, limit int) ([]Running, error) {
	ids := c.waiting.pick(limit, c.panes)
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids) // a video may wait in two panes
	videos := make([]Video, len(ids))
	if err := published.Videos(ids, videos); err != nil {
		return nil, err
	}
	running := make([]Running, len(ids))
	for i, id := range ids {
		running[i] = c.running(id, &videos[i], c.pos.Published)
	}
	return running, nil
}

// Waiting says whether Announce has anything to say.
func (c *Counter) Waiting() bool { return c.waiting.any() }

// running is the counts of a video now: what is published of it, and what is
// in the unpublished panes, of which first is the first.
func (c *Counter) running(id string, v *Video, first likes.Pane) Running {
	r := Running{ID: id, Pane: c.newest, Total: v.Total}
	count := func(p likes.Pane, n uint64) {
		for i, w := range likes.Windows {
			if w.First(p) == w.First(c.newest) {
				r.Counts[i] += n
			}
		}
	}
	if v.Total > 0 {
		for i := range likes.Pane(likes.LongestWindow) {
			count(v.Newest-i, v.At(v.Newest-i).Likes)
		}
	}
	for number, p := range c.panes {
		if number < first {
			continue
		}
		if n, ok := p.index[id]; ok {
			count(number, p.entries[n].count.Likes)
			r.Total += p.entries[n].count.Likes
		}
	}
	return r
}

// ranks is the number of queues: rank r is for 2^(r−1) new likes and more.
const ranks = 24

func rankOf(likes uint64) uint8 { return uint8(min(bits.Len64(likes), ranks)) }

// announcements are the videos that wait for their running counts to be
// announced: a queue per rank. A video is in the queue of rank 1 from its first
// new like on, and joins that of each rank it rises to. What has been
// announced, or has risen, stays behind in the queues and is passed over: that
// makes a like cost no search. It is never in one queue twice, so the queues
// are bounded by the videos with unpublished likes, however long those stay
// unpublished.
type announcements struct {
	queues [ranks]queue
}

type queue struct {
	waiters []waiter
	tidyAt  int // length at which those that do not wait any more are removed
}

// waiter is an entry of a pane.
type waiter struct {
	pane likes.Pane
	n    uint32
}

func (a *announcements) any() bool { return len(a.queues[0].waiters) > 0 }

// push puts an entry, which has just come to a rank, into its queue.
func (a *announcements) push(rank uint8, w waiter, panes map[likes.Pane]*pane) {
	a.queues[0].push(w, 1, panes)
	if rank > 1 {
		a.queues[rank-1].push(w, rank, panes)
	}
}

// minTidy is the length below which a queue is not worth tidying.
const minTidy = 1024

func (q *queue) push(w waiter, rank uint8, panes map[likes.Pane]*pane) {
	e := &panes[w.pane].entries[w.n]
	if e.queued&(1<<rank) != 0 {
		return // its place of an earlier time is as good
	}
	if len(q.waiters) >= max(q.tidyAt, minTidy) {
		q.waiters = slices.DeleteFunc(q.waiters, func(w waiter) bool { return !stays(w, rank, panes) })
		q.tidyAt = 2 * len(q.waiters)
	}
	e.queued |= 1 << rank
	q.waiters = append(q.waiters, w)
}

// stays says whether a waiter still waits in the queue of a rank, and where it
// does not, notes that it is leaving it.
func stays(w waiter, rank uint8, panes map[likes.Pane]*pane) bool {
	if waits(w, rank, panes) {
		return true
	}
	if p := panes[w.pane]; p != nil {
		p.entries[w.n].queued &^= 1 << rank
	}
	return false
}

// waits says whether a waiter is still to be found in the queue of a rank: in
// the first as long as it waits at all, else only at its own rank.
func waits(w waiter, rank uint8, panes map[likes.Pane]*pane) bool {
	p := panes[w.pane]
	if p == nil {
		return false
	}
	e := &p.entries[w.n]
	return e.rank == rank || rank == 1 && e.rank > 0
}

// pick takes up to limit videos out of the queues.
func (a *announcements) pick(limit int, panes map[likes.Pane]*pane) []string {
	var ids []string
	take := func(rank, upTo int) {
		q := &a.queues[rank-1]
		n := 0
		for ; n < len(q.waiters) && len(ids) < upTo; n++ {
			w := q.waiters[n]
			if !stays(w, uint8(rank), panes) {
				continue
			}
			e := &panes[w.pane].entries[w.n]
			e.announced, e.rank = e.count.Likes, 0
			e.queued &^= 1 << rank
			ids = append(ids, e.id)
		}
		q.waiters = q.waiters[n:]
	}
	for rank := ranks; rank > 1; rank-- {
		take(rank, limit/2)
	}
	take(1, limit)
	return ids
}
