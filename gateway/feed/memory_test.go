package feed_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/gateway/feed"
	"distributed-counter/likes"
)

// nobody is an audience that does nothing.
type nobody struct{}

func (nobody) Running(likes.Live)     {}
func (nobody) Final(int, likes.Final) {}
func (nobody) CaughtUp()              {}

func newFeed(tb testing.TB) *feed.Feed {
	tb.Helper()
	f, err := feed.New(feed.Config{Topics: likes.DefaultTopics(), Pane: pane, Audience: nobody{}})
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// records are a running record and a final count per window, of video i.
func records(i int, start time.Time) []*kgo.Record {
	id := likes.VideoID(fmt.Sprintf("93f98662-8907-4f43-bb4c-%012d", i))
	topics := likes.DefaultTopics()
	l := likes.Live{Video: id, Total: 5, AsOf: start}
	var all []*kgo.Record
	for j, w := range likes.Windows {
		end := start.Add(time.Duration(w.Panes) * pane)
		l.Windows[j] = likes.Running{Start: start, End: end, Count: 5}
		f := likes.Final{Type: w.Name, Video: id, Count: 5, Start: start, End: end, Total: 5}
		all = append(all, &kgo.Record{Topic: topics.Aggregations[j], Value: f.Append(nil)})
	}
	return append(all, &kgo.Record{Topic: topics.Live, Value: l.Append(nil)})
}

// A video takes about as much as the package comment says, and no more when it
// is counted again and again.
func TestMemoryOfAVideo(t *testing.T) {
	const (
		videos = 5_000
		bound  = 400 // bytes
	)
	f := newFeed(t)
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	before := heap()
	for round := range 2 {
		for i := range videos {
			for _, r := range records(i, start.Add(time.Duration(round)*pane)) {
				f.Take(r)
			}
		}
	}
	got := (heap() - before) / videos
	t.Logf("%d bytes per video", got)
	if got > bound {
		t.Errorf("%d bytes per video, want at most %d", got, bound)
	}
	if n := f.Videos(); n != videos {
		t.Errorf("%d videos, want %d", n, videos)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkTake is a running record of one of a hundred thousand videos.
func BenchmarkTake(b *testing.B) {
	const videos = 100_000
	f := newFeed(b)
	all := make([]*kgo.Record, videos)
	for i := range all {
		all[i] = records(i, time.Now())[3]
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		f.Take(all[i%videos])
	}
}
