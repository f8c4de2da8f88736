package show

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"distributed-counter/likes"
)

// Line is an event as a line for people, in local time:
//
//	10:04:31.207  live   93f98662-8907-4f43-bb4c-280501481046  1min 5  5min 17  10min 31  total 3461
//	10:05:05.112  1min   93f98662-8907-4f43-bb4c-280501481046  12 in [10:04:00,10:05:00)  total 3468  late 1
func Line(e Event) string {
	at := e.Time.Local().Format("15:04:05.000")
	switch {
	case e.Live != nil:
		var counts strings.Builder
		for i, w := range likes.Windows {
			fmt.Fprintf(&counts, "%s %d  ", w.Name, e.Live.Windows[i].Count)
		}
		return fmt.Sprintf("%s  %-5s  %-36s  %stotal %d", at, "live", plain(string(e.Live.Video)), counts.String(), e.Live.Total)
	case e.Final != nil:
		f := e.Final
		line := fmt.Sprintf("%s  %-5s  %-36s  %d in [%s,%s)  total %d", at, plain(f.Type), plain(string(f.Video)),
			f.Count, clockTime(f.Start), clockTime(f.End), f.Total)
		if f.Late > 0 {
			line += fmt.Sprintf("  late %d", f.Late)
		}
		return line
	}
	return fmt.Sprintf("%s  %-5s  %s", at, "?", plain(e.Err.Error()))
}

// clockTime has milliseconds where there are any.
func clockTime(t time.Time) string { return t.Local().Format("15:04:05.999") }

// Windows logs each window that is published from where the source begins,
// once, until ctx ends: how many videos it had, and how many likes. It never
// logs a video. The source's topics are chosen here.
func Windows(ctx context.Context, from Source, topics likes.Topics, log *slog.Logger) error {
	from.Topics = topics.Aggregations[:]
	s := NewSums()
	var mu sync.Mutex // guards s
	say := func(before time.Time) {
		mu.Lock()
		defer mu.Unlock()
		for _, w := range s.Quiet(before) {
			log.Info("window published", "window", w.Type, "start", w.Start, "end", w.End, "videos", w.Videos, "likes", w.Likes)
		}
	}
	ticking, stop := context.WithCancel(ctx)
	defer stop()
	var ticker sync.WaitGroup
	defer ticker.Wait()
	ticker.Go(func() {
		tick := time.NewTicker(quiet / 4)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				say(time.Now().Add(-quiet))
			case <-ticking.Done():
				say(time.Now()) // what is left
				return
			}
		}
	})
	defer stop()
	return Follow(ctx, from, topics, func(e Event) {
		if e.Final != nil {
			mu.Lock()
			defer mu.Unlock()
			s.Add(e.Final, time.Now())
		}
	})
}

// quiet is how long nothing must have come of a window for it to be complete:
// partitions close it a moment apart, and a large one in parts. What comes
// later still makes a line of its own.
const quiet = 500 * time.Millisecond

// Sum is what was published of a window.
type Sum struct {
	Type   string
	Start  time.Time
	End    time.Time
	Videos int
	Likes  uint64
}

// Sums adds up what is published by window. The zero value is not ready:
// [NewSums].
type Sums struct{ open map[sumKey]*openSum }

type sumKey struct {
	kind  string
	start int64 // milliseconds
}

type openSum struct {
	Sum
	last time.Time
}

// NewSums has no window.
func NewSums() *Sums { return &Sums{open: make(map[sumKey]*openSum)} }

// Add takes a final count that came at an instant.
func (s *Sums) Add(f *likes.Final, now time.Time) {
	key := sumKey{f.Type, f.Start.UnixMilli()}
	w := s.open[key]
	if w == nil {
		w = &openSum{Sum: Sum{Type: f.Type, Start: f.Start, End: f.End}}
		s.open[key] = w
	}
	w.Videos++
	w.Likes += f.Count
	w.last = now
}

// Quiet takes the windows out that nothing has come of since an instant, the
// earliest first.
func (s *Sums) Quiet(since time.Time) []Sum {
	var done []Sum
	for key, w := range maps.All(s.open) {
		if !w.last.After(since) {
			done = append(done, w.Sum)
			delete(s.open, key)
		}
	}
	slices.SortFunc(done, func(a, b Sum) int {
		return cmp.Or(a.End.Compare(b.End), b.Start.Compare(a.Start))
	})
	return done
}
