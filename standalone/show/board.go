package show

import (
	"slices"
	"time"

	"distributed-counter/likes"
)

// Board is what is known of the videos that were liked lately, and draws it.
// It does no I/O and knows no clock; it is used by one goroutine at a time.
type Board struct {
	titles map[likes.VideoID]string
	videos map[likes.VideoID]*video
}

// maxKnown bounds the videos that a board remembers: of twice as many, those
// that were announced last stay.
const maxKnown = 5000

// NewBoard is an empty board. Videos with a title are shown by it.
func NewBoard(titles map[likes.VideoID]string) *Board {
	return &Board{titles: titles, videos: make(map[likes.VideoID]*video)}
}

// Update takes a running count.
func (b *Board) Update(l *likes.Live) {
	v := b.videos[l.Video]
	if v == nil {
		v = new(video)
		// All its likes are in the window: it began with none.
		if l.Windows[len(l.Windows)-1].Count == l.Total {
			v.speed.see(l.AsOf.Add(-time.Second), 0)
		}
		b.videos[l.Video] = v
	}
	v.Live = *l
	v.speed.see(l.AsOf, l.Total)
	if len(b.videos) >= 2*maxKnown {
		b.forget()
	}
}

func (b *Board) forget() {
	all := make([]*video, 0, len(b.videos))
	for _, v := range b.videos {
		all = append(all, v)
	}
	slices.SortFunc(all, func(x, y *video) int { return y.AsOf.Compare(x.AsOf) })
	for _, v := range all[maxKnown:] {
		delete(b.videos, v.Video)
	}
}

// video is the last that was announced of a video.
type video struct {
	likes.Live
	speed speed
}

// count is what a window has now: nobody announces that it is over.
func (v *video) count(window int, now time.Time) uint64 {
	if w := v.Windows[window]; now.Before(w.End) {
		return w.Count
	}
	return 0
}

// speed knows totals of the last seconds.
type speed struct {
	totals [speedSeconds + 1]total // newest last
}

type total struct {
	second int64 // 0 where there is none
	likes  uint64
}

// speedSeconds is how long a time the likes per second are measured over.
const speedSeconds = 5

func (s *speed) see(at time.Time, likes uint64) {
	last := len(s.totals) - 1
	if s.totals[last].second != at.Unix() {
		copy(s.totals[:], s.totals[1:])
	}
	s.totals[last] = total{at.Unix(), likes}
}

// perSecond is the likes since the newest total that is old enough, or since
// the oldest there is.
func (s *speed) perSecond(now time.Time) float64 {
	newest, base := s.totals[len(s.totals)-1], s.totals[len(s.totals)-1]
	for i := len(s.totals) - 1; i >= 0 && s.totals[i].second != 0; i-- {
		base = s.totals[i]
		if base.second <= now.Unix()-speedSeconds {
			break
		}
	}
	return float64(newest.likes-base.likes) / speedSeconds
}
