package window

import (
	"cmp"
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
	picked := c.waiting.pick(limit)
	if len(picked) == 0 {
		return nil, nil
	}
	slices.SortFunc(picked, func(a, b *tally) int { return cmp.Compare(a.id, b.id) })
	if err := c.lookUp(published, picked); err != nil {
		return nil, err
	}
	running := make([]Running, len(picked))
	for i, t := range picked {
		running[i] = c.running(t.id, &t.published, t.panes)
	}
	return running, nil
}

// Waiting says whether Announce has anything to say.
func (c *Counter) Waiting() bool { return c.waiting.any() }

// lookUp looks up what is published of videos, in the order of their ids,
// unless it is known.
func (c *Counter) lookUp(published Table, videos []*tally) error {
	c.asked, c.ids = c.asked[:0], c.ids[:0]
	for _, t := range videos {
		if t.known != c.epoch {
			c.asked = append(c.asked, t)
			c.ids = append(c.ids, t.id)
		}
	}
	if len(c.asked) == 0 {
		return nil
	}
	c.answers = slices.Grow(c.answers[:0], len(c.asked))[:len(c.asked)]
	if err := published.Videos(c.ids, c.answers); err != nil {
		return err
	}
	for i, t := range c.asked {
		t.published, t.known = c.answers[i], c.epoch
	}
	return nil
}

// running is the counts of a video now: what is published of it, and what is
// in unpublished panes.
func (c *Counter) running(id string, v *Video, open []paneCount) Running {
	r := Running{ID: id, Pane: c.newest, Total: v.Total}
	for i, w := range likes.Windows {
		first := w.First(c.newest)
		if v.Total > 0 {
			for p := max(first, v.Newest-likes.LongestWindow+1); p <= v.Newest && p-first < likes.Pane(w.Panes); p++ {
				r.Counts[i] += v.At(p).Likes
			}
		}
		for _, o := range open {
			if o.pane >= first { // and none is after the newest
				r.Counts[i] += o.Likes
			}
		}
	}
	for _, o := range open {
		r.Total += o.Likes
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
	waiters []*tally
	tidyAt  int // length at which those that do not wait any more are removed
}

func (a *announcements) any() bool { return len(a.queues[0].waiters) > 0 }

// add notes new likes of a video.
func (a *announcements) add(t *tally, n uint64) {
	t.fresh += n
	rank := rankOf(t.fresh)
	if rank <= t.rank {
		return
	}
	t.rank = rank
	a.queues[0].push(t, 1)
	if rank > 1 {
		a.queues[rank-1].push(t, rank)
	}
}

// told notes that a running record tells of the first n of a video's new likes.
func (t *tally) told(n uint64) {
	t.fresh -= min(n, t.fresh)
	if t.fresh == 0 {
		t.rank = 0
	}
}

// minTidy is the length below which a queue is not worth tidying.
const minTidy = 1024

func (q *queue) push(t *tally, rank uint8) {
	if t.queued&(1<<rank) != 0 {
		return // its place of an earlier time is as good
	}
	if len(q.waiters) >= max(q.tidyAt, minTidy) {
		q.waiters = slices.DeleteFunc(q.waiters, func(t *tally) bool { return !t.stays(rank) })
		q.tidyAt = 2 * len(q.waiters)
	}
	t.queued |= 1 << rank
	q.waiters = append(q.waiters, t)
}

// stays says whether a video still waits in the queue of a rank, in the first
// as long as it waits at all, else only at its own rank; and where it does not,
// notes that it is leaving it.
func (t *tally) stays(rank uint8) bool {
	if t.rank == rank || rank == 1 && t.rank > 0 {
		return true
	}
	t.queued &^= 1 << rank
	return false
}

// pick takes up to limit videos out of the queues.
func (a *announcements) pick(limit int) []*tally {
	var picked []*tally
	take := func(rank uint8, upTo int) {
		q := &a.queues[rank-1]
		n := 0
		for ; n < len(q.waiters) && len(picked) < upTo; n++ {
			t := q.waiters[n]
			if !t.stays(rank) {
				continue
			}
			t.queued &^= 1 << rank
			t.told(t.fresh)
			picked = append(picked, t)
		}
		clear(q.waiters[:n]) // they may be freed
		q.waiters = q.waiters[n:]
	}
	for rank := uint8(ranks); rank > 1; rank-- {
		take(rank, limit/2)
	}
	take(1, limit)
	return picked
}
