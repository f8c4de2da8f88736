package feed

import (
	"hash/maphash"
	"sync"
	"time"

	"distributed-counter/likes"
)

// Video is what is known of one video.
type Video struct {
	// Live is the last running record; its Video is empty while none is known.
	// Its windows may have ended: see Current.
	Live likes.Live
	// Finals are the last final counts, by row of likes.Windows. A Count of 0
	// stands for none known: none is published for a window without likes.
	Finals [len(likes.Windows)]likes.Final
}

// Total is the video's lifetime total as far as it is known.
func (v *Video) Total() uint64 {
	total := v.Live.Total
	for _, f := range v.Finals {
		total = max(total, f.Total)
	}
	return total
}

// Current is the running count of a window now. Nobody announces that a window
// has ended without a like in the next: once the end of the last one known has
// passed, Current is the window that the clock is in, with 0 likes.
func (v *Video) Current(window int, now time.Time, pane time.Duration) likes.Running {
	if last := v.Live.Windows[window]; last.End.After(now) {
		return last
	}
	return empty(window, now, pane)
}

// empty is the window that an instant lies in, without likes.
func empty(window int, now time.Time, pane time.Duration) likes.Running {
	w := likes.Windows[window]
	first := w.First(likes.PaneOf(now.UnixMilli(), pane))
	return likes.Running{Start: first.Start(pane), End: (first + likes.Pane(w.Panes)).Start(pane)}
}

// values are a Video in 216 bytes: times are milliseconds since the epoch,
// where nothing else is said.
type values struct {
	total   uint64
	asOf    int64 // nanoseconds; 0 for none
	running [len(likes.Windows)]running
	finals  [len(likes.Windows)]final
	live    bool // a running record is known
}

type running struct {
	start, end int64
	count      uint64
}

type final struct {
	running
	late, total uint64
}

func (v *values) setRunning(l *likes.Live) {
	v.live, v.total, v.asOf = true, l.Total, 0
	if !l.AsOf.IsZero() {
		v.asOf = l.AsOf.UnixNano()
	}
	for i, w := range l.Windows {
		v.running[i] = running{w.Start.UnixMilli(), w.End.UnixMilli(), w.Count}
	}
}

func (v *values) setFinal(window int, f *likes.Final) {
	v.finals[window] = final{running{f.Start.UnixMilli(), f.End.UnixMilli(), f.Count}, f.Late, f.Total}
}

// video writes the values out.
func (v *values) video(id likes.VideoID) Video {
	var out Video
	if v.live {
		out.Live.Video, out.Live.Total = id, v.total
		if v.asOf != 0 {
			out.Live.AsOf = time.Unix(0, v.asOf).UTC()
		}
		for i, r := range v.running {
			out.Live.Windows[i] = likes.Running{Start: at(r.start), End: at(r.end), Count: r.count}
		}
	}
	for i, f := range v.finals {
		if f.count > 0 {
			out.Finals[i] = likes.Final{Type: likes.Windows[i].Name, Video: id, Count: f.count,
				Start: at(f.start), End: at(f.end), Late: f.late, Total: f.total}
		}
	}
	return out
}

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// shards is how many parts the table has. A part is locked while its audience
// is told, so a fan-out of one video seldom holds up a reader of another.
const shards = 64

// table has the values of all videos.
type table struct {
	seed  maphash.Seed
	parts *[shards]shard
}

type shard struct {
	mu     sync.Mutex // guards videos, and the order in which an audience is told of each
	videos map[likes.VideoID]*values
}

func newTable() table {
	t := table{seed: maphash.MakeSeed(), parts: new([shards]shard)}
	t.clear()
	return t
}

func (t *table) part(id likes.VideoID) *shard {
	return &t.parts[maphash.String(t.seed, string(id))%shards]
}

func (t *table) view(id likes.VideoID, use func(Video)) {
	s := t.part(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.videos[id]; v != nil {
		use(v.video(id))
		return
	}
	use(Video{})
}

func (t *table) change(id likes.VideoID, by func(*values)) {
	s := t.part(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.videos[id]
	if v == nil {
		v = new(values)
		s.videos[id] = v
	}
	by(v)
}

func (t *table) len() int {
	n := 0
	for i := range t.parts {
		s := &t.parts[i]
		s.mu.Lock()
		n += len(s.videos)
		s.mu.Unlock()
	}
	return n
}

func (t *table) clear() {
	for i := range t.parts {
		s := &t.parts[i]
		s.mu.Lock()
		s.videos = make(map[likes.VideoID]*values)
		s.mu.Unlock()
	}
}
