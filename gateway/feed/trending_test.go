package feed_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distributed-counter/gateway/feed"
	"distributed-counter/likes"
)

// The ranking that is kept as records come is the one that sorting all videos
// would give, across windows that end.
func TestTrendingIsTheSortedList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var ranking feed.Board
		start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
		videos := rapid.IntRange(1, 3*feed.MaxTrending).Draw(rt, "videos")
		counts := make(map[likes.VideoID]uint64)
		window := likes.Running{Start: start, End: start.Add(pane)}
		ranking.Update(window, feed.Ranked{Video: "nobody"})
		for range rapid.IntRange(0, 1000).Draw(rt, "records") {
			switch rapid.IntRange(0, 200).Draw(rt, "what") {
			case 0: // the next window
				window = likes.Running{Start: window.End, End: window.End.Add(pane)}
				clear(counts)
				ranking.Update(window, feed.Ranked{Video: "nobody"})
			case 1: // a straggler of the last one
				old := likes.Running{Start: window.Start.Add(-pane), End: window.Start, Count: 1 << 40}
				ranking.Update(old, feed.Ranked{Video: "late", Count: old.Count})
			default:
				id := likes.VideoID(fmt.Sprintf("v%03d", rapid.IntRange(0, videos-1).Draw(rt, "video")))
				counts[id] += uint64(rapid.IntRange(0, 3).Draw(rt, "likes"))
				window.Count = counts[id]
				ranking.Update(window, feed.Ranked{Video: id, Count: counts[id], Total: counts[id] + 7})
			}
		}
		var want []feed.Ranked
		for id, n := range counts {
			if n > 0 {
				want = append(want, feed.Ranked{Video: id, Count: n, Total: n + 7})
			}
		}
		slices.SortFunc(want, func(a, b feed.Ranked) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Video, b.Video))
		})
		want = want[:min(len(want), feed.MaxTrending)]
		if got := ranking.Top(); len(got)+len(want) > 0 && !slices.Equal(got, want) {
			rt.Errorf("(-want +got):\n%s", gocmp.Diff(want, got))
		}
	})
}

// Trending is of the window that the clock is in.
func TestTrendingEndsWithItsWindow(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		f, stop := w.feed()
		defer stop()
		w.running("cat", 3, 30)
		w.running("dog", 5, 5)
		w.running("cow", 3, 3)
		time.Sleep(time.Second)
		_, end, got := f.Trending(0, 2, time.Now())
		want := []feed.Ranked{{Video: "dog", Count: 5, Total: 5}, {Video: "cat", Count: 3, Total: 30}}
		if !slices.Equal(got, want) {
			t.Errorf("trending: got %v, want %v", got, want)
		}
		if _, next, got := f.Trending(0, 2, end); len(got) != 0 || !next.Equal(end.Add(pane)) {
			t.Errorf("after the window: %v until %v, want none until %v", got, next, end.Add(pane))
		}
		if _, _, got := f.Trending(2, 100, end); len(got) != 3 {
			t.Errorf("ten minutes: %v, want three videos", got)
		}
	})
}
