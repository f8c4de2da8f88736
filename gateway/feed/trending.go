package feed

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"distributed-counter/likes"
)

// MaxTrending is how many videos of a window are ranked.
const MaxTrending = 100

// Ranked is a video's place among those liked most.
type Ranked struct {
	Video likes.VideoID
	Count uint64 // in the window
	Total uint64 // in the video's life, as of its last like in the window
}

// Trending returns the window that is current, and its videos with the most
// likes, most first and equal ones by id; limit of them, at most MaxTrending.
// It costs no more than copying them, however many videos there are.
func (f *Feed) Trending(window, limit int, now time.Time) (start, end time.Time, top []Ranked) {
	b := &f.boards[window]
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.end.After(now) {
		w := empty(window, now, f.cfg.Pane)
		return w.Start, w.End, nil
	}
	return b.start, b.end, slices.Clone(b.top[:min(limit, len(b.top))])
}

// board ranks the videos of one window while it runs. Counts of a window only
// grow: who is not among the first can get there by a record of its own alone,
// and so the first hundred are always exact, without the others being kept.
type board struct {
	mu         sync.Mutex // guards the rest
	start, end time.Time
	top        []Ranked // most first; at most MaxTrending
}

// update takes the running count of a video. A later window empties the board,
// an earlier one is over and changes nothing.
func (b *board) update(window likes.Running, r Ranked) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case window.End.After(b.end):
		b.start, b.end, b.top = window.Start, window.End, b.top[:0]
	case window.End.Before(b.end):
		return
	}
	if r.Count == 0 {
		return
	}
	if len(b.top) == MaxTrending && rank(r, b.top[MaxTrending-1]) > 0 {
		return // as nearly always
	}
	b.top = slices.DeleteFunc(b.top, func(o Ranked) bool { return o.Video == r.Video })
	i, _ := slices.BinarySearchFunc(b.top, r, rank)
	b.top = slices.Insert(b.top, i, r)
	b.top = b.top[:min(len(b.top), MaxTrending)]
}

// rank orders by count, most first, then by id.
func rank(a, b Ranked) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Video, b.Video))
}

func (b *board) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.start, b.end, b.top = time.Time{}, time.Time{}, nil
}
