package state_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// benchVideos are as many ids, of the usual length, in ascending order.
func benchVideos(n int) []string {
	random := rand.New(rand.NewPCG(1, 2))
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%08x-%04x-4000-8000-%012x", random.Uint32(), random.Uint32()&0xffff, random.Uint64()>>16)
	}
	slices.Sort(ids)
	return ids
}

// fillPane publishes pane p with likes for all ids, and three panes before.
func fillPane(b *state.Batch, ids []string, p likes.Pane) {
	b.Reset()
	var v window.Video
	for q := p - 3; q <= p; q++ {
		v.Add(q, window.Count{Likes: 1000, Late: 1})
	}
	for _, id := range ids {
		b.Publish(id, &v, p)
	}
	b.SetHead(historyHead(int(p)))
}

func openBench(b *testing.B) *state.RocksDB {
	s, err := newShared(b, state.Config{}).Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// applyAll applies panes of all ids, 100,000 at once.
func applyAll(b *testing.B, s state.Store, ids []string, p likes.Pane) {
	var batch state.Batch
	for part := range slices.Chunk(ids, 100_000) {
		fillPane(&batch, part, p)
		if err := s.Apply(&batch); err != nil {
			b.Fatal(err)
		}
	}
}

// One pane with likes for 100,000 videos.
func BenchmarkApply(b *testing.B) {
	ids := benchVideos(100_000)
	stores := map[string]func(b *testing.B) state.Store{
		"rocksdb": func(b *testing.B) state.Store { return openBench(b) },
		"memory":  func(*testing.B) state.Store { return state.NewMemory() },
	}
	for name, open := range stores {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			var batch state.Batch
			b.ReportAllocs()
			p := likes.Pane(0)
			for b.Loop() {
				p++
				fillPane(&batch, ids, p)
				if err := s.Apply(&batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ids)), "ns/video")
		})
	}
}

// Building the batch alone.
func BenchmarkPut(b *testing.B) {
	ids := benchVideos(100_000)
	var batch state.Batch
	b.ReportAllocs()
	for b.Loop() {
		fillPane(&batch, ids, 7)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ids)), "ns/video")
}

// Looking up 10,000 videos of a million.
func BenchmarkVideos(b *testing.B) {
	all := benchVideos(1_000_000)
	s := openBench(b)
	applyAll(b, s, all, 5)
	for _, every := range []int{1, 5, 10, 100} {
		ids := make([]string, 0, 10_000)
		for i := 0; len(ids) < cap(ids); i += every {
			ids = append(ids, all[i])
		}
		videos := make([]window.Video, len(ids))
		b.Run(fmt.Sprintf("one in %d", every), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Videos(ids, videos); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ids)), "ns/video")
		})
	}
}

// Reading a pane of 100,000 rows.
func BenchmarkPane(b *testing.B) {
	ids := benchVideos(100_000)
	s := openBench(b)
	for p := likes.Pane(1); p <= 10; p++ {
		applyAll(b, s, ids, p)
	}
	b.ReportAllocs()
	for b.Loop() {
		n, rows := 0, s.Pane(5, "")
		for rows.Next() {
			n++
		}
		if err := rows.Close(); err != nil || n != len(ids) {
			b.Fatalf("%d rows, %v", n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ids)), "ns/row")
}

// Opening a store of a million videos that was closed.
func BenchmarkOpen(b *testing.B) {
	shared, dir := newShared(b, state.Config{}), b.TempDir()
	s, err := shared.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	applyAll(b, s, benchVideos(1_000_000), 5)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := shared.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok, err := s.Head(); !ok || err != nil {
			b.Fatalf("head: %v, %v", ok, err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// Restoring a million videos from nothing, their rows too old to be kept.
func BenchmarkRestore(b *testing.B) {
	ids := benchVideos(1_000_000)
	var v window.Video
	for q := likes.Pane(1); q < 5; q++ {
		v.Add(q, window.Count{Likes: 1000, Late: 1})
	}
	for b.Loop() {
		s := openBench(b)
		var batch state.Batch
		for part := range slices.Chunk(ids, 10_000) {
			batch.Reset()
			for _, id := range part {
				batch.Put(id, &v, 100)
			}
			batch.SetChangelog(1)
			if err := s.Apply(&batch); err != nil {
				b.Fatal(err)
			}
		}
	}
}
