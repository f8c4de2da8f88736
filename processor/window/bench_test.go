package window_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// Benchmarks of what is done per like, per delta and per video. The ids are
// 100,000 uuids, liked as videos are: few of them often.

const benchVideos = 100_000

func uuids(n int) [][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	ids := make([][]byte, n)
	for i := range ids {
		a, b := rng.Uint64(), rng.Uint64()
		ids[i] = fmt.Appendf(nil, "%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&(1<<48-1))
	}
	return ids
}

// zipf draws ids so that the n-th video is liked about 1/n as often as the first.
func zipf(ids [][]byte, n int) [][]byte {
	z := rand.NewZipf(rand.New(rand.NewPCG(3, 4)), 1.1, 1, uint64(len(ids)-1))
	drawn := make([][]byte, n)
	for i := range drawn {
		drawn[i] = ids[z.Uint64()]
	}
	return drawn
}

func benchSource() *window.Source {
	pos := window.SourcePosition{Identity: window.Identity{Pane: time.Minute}}
	return window.NewSource(window.SourceConfig{Partitions: 3, Grace: 5 * time.Second}, pos)
}

// One like; every 20,000 likes, as many as a commit interval has at 200,000/s,
// the sums are flushed, and their share is in the figure.
func BenchmarkSourceAdd(b *testing.B) {
	likes := zipf(uuids(benchVideos), 1<<20)
	s := benchSource()
	for i, id := range likes { // every id has been seen
		_ = s.Add(int64(i), 60_000, id)
	}
	s.Flush(3)
	b.ReportAllocs()
	for b.Loop() {
		n := s.Next()
		if err := s.Add(n, 60_000, likes[n%int64(len(likes))]); err != nil {
			b.Fatal(err)
		}
		if n%20_000 == 0 {
			s.Flush(3)
		}
	}
}

// A flush of 10,000 videos.
func BenchmarkSourceFlush(b *testing.B) {
	const videos = 10_000
	ids := uuids(videos)
	s := benchSource()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for _, id := range ids {
			_ = s.Add(s.Next(), 60_000, id)
		}
		b.StartTimer()
		s.Flush(3)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/videos, "ns/video")
}

// benchLog is a log of batches of 10,000 deltas each, of one source.
func benchLog(ids [][]byte, pane int64) [][]byte {
	pos := window.SourcePosition{Identity: window.Identity{Pane: time.Minute}}
	s := window.NewSource(window.SourceConfig{Partitions: 1}, pos)
	var log [][]byte
	for part := range slices.Chunk(ids, 10_000) {
		for _, id := range part {
			_ = s.Add(s.Next(), pane*60_000, id)
		}
		log = append(log, s.Flush(1).Batches[0]...)
	}
	return log
}

func benchCounter() *window.Counter {
	return window.NewCounter(window.Position{
		Identity: window.Identity{Pane: time.Minute}, Published: 9, At: window.Progress{Frontier: never},
	})
}

// A pane of 100,000 videos is folded, each of them ten times.
func BenchmarkCounterFold(b *testing.B) {
	log := benchLog(slices.Concat(slices.Repeat([][][]byte{uuids(benchVideos)}, 10)...), 9)
	b.ReportAllocs()
	for b.Loop() {
		c := benchCounter()
		for i, value := range log {
			if _, err := c.Fold(int64(i), value); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(10*benchVideos), "ns/delta")
}

// benchTable is a published store of these videos, with likes in every pane
// from 0 to 8, that costs next to nothing to read: what is measured is Plan.
type benchTable struct{ ids []string }

func (t benchTable) Videos(_ []string, videos []window.Video) error {
	var v window.Video
	v.Add(0, window.Count{Likes: 7})
	v.Add(8, window.Count{Likes: 7})
	for i := range videos {
		videos[i] = v
	}
	return nil
}

func (t benchTable) Pane(_ likes.Pane, after string) window.Rows {
	i, found := slices.BinarySearch(t.ids, after)
	if found {
		i++
	}
	return &benchRows{ids: t.ids[i:]}
}

type benchRows struct {
	ids []string
	buf []byte
}

func (r *benchRows) Next() bool {
	if len(r.ids) == 0 {
		return false
	}
	r.buf = append(r.buf[:0], r.ids[0]...)
	r.ids = r.ids[1:]
	return true
}
func (r *benchRows) Row() window.Row {
	return window.Row{ID: r.buf, Count: window.Count{Likes: 1}, Total: 14}
}
func (r *benchRows) Close() error { return nil }

// A pane of 100,000 videos is planned in parts of 100,000 records, with all
// three windows ending: ten rows are merged for every video.
func BenchmarkPlan(b *testing.B) {
	ids := uuids(benchVideos)
	log := append(benchLog(ids, 9), benchClose(benchVideos, 10))
	table := benchTable{}
	for _, id := range ids {
		table.ids = append(table.ids, string(id))
	}
	slices.SortFunc(table.ids, cmp.Compare)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		c := benchCounter()
		for i, value := range log {
			if _, err := c.Fold(int64(i), value); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		for n := 0; c.Due(); n++ {
			part, err := c.Plan(table, 100_000)
			if err != nil || n > 10 {
				b.Fatal(n, err)
			}
			c.Apply(part)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchVideos, "ns/video")
}

// benchClose is a batch without likes that makes a pane the frontier.
func benchClose(next, pane int64) []byte {
	pos := window.SourcePosition{Identity: window.Identity{Pane: time.Minute}, Next: next}
	s := window.NewSource(window.SourceConfig{Partitions: 1}, pos)
	s.Idle(pane * 60_000)
	return s.Flush(1).Batches[0][0]
}

// 500 running counts are picked while a million videos wait: the budget of a
// tenth of a second.
func BenchmarkAnnounce(b *testing.B) {
	const waiting, limit = 1_000_000, 500
	log := benchLog(uuids(waiting), 9)
	table := benchTable{}
	var c *window.Counter
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%(waiting/limit/2) == 0 { // at least half of them still wait
			b.StopTimer()
			c = benchCounter()
			for i, value := range log {
				if _, err := c.Fold(int64(i), value); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer()
		}
		if running, err := c.Announce(table, limit); err != nil || len(running) != limit {
			b.Fatal(len(running), err)
		}
	}
}

// A like of a video that is known costs no allocation.
func TestAddAllocatesNothing(t *testing.T) {
	s, ids := benchSource(), uuids(1000)
	for _, id := range ids {
		_ = s.Add(s.Next(), 60_000, id)
	}
	s.Flush(3)
	_ = s.Add(s.Next(), 60_000, ids[0])
	n := testing.AllocsPerRun(500, func() {
		if err := s.Add(s.Next(), 60_000, ids[0]); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
