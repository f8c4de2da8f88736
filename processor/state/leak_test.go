package state_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// C's memory is given back: after some rounds of all that a store does, many
// more do not make the process larger.
func TestMemoryOfC(t *testing.T) {
	// Larger than small, which would mostly wait for compactions.
	shared := newShared(t, state.Config{WriteBufferBytes: 512 << 10, CacheBytes: 1 << 20})
	dir := t.TempDir()
	ids := make([]string, 500)
	for i := range ids {
		ids[i] = fmt.Sprintf("video-%04d", i)
	}
	var few []string // not enough of them to step from one to the next
	for i := 0; i < len(ids); i += 20 {
		few = append(few, ids[i], ids[i]+" no such id")
	}
	videos := make([]window.Video, len(ids))
	round := func(n int) {
		s, err := shared.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		var b state.Batch
		for p := n * 20; p < n*20+20; p++ {
			fillPane(&b, ids, likes.Pane(p))
			if err := s.Apply(&b); err != nil {
				t.Fatal(err)
			}
			if err := s.Videos(ids, videos); err != nil {
				t.Fatal(err)
			}
			for range 20 { // as many look-ups as steps
				if err := s.Videos(few, videos[:len(few)]); err != nil {
					t.Fatal(err)
				}
			}
			rows := s.Pane(likes.Pane(p), "")
			for rows.Next() {
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
		}
		left := s.Pane(likes.Pane(n*20+19), "") // closing the store frees it too
		left.Next()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if left.Next() || left.Close() == nil {
			t.Error("rows outlive their store")
		}
	}
	const warm, more = 10, 30
	for n := range warm {
		round(n)
	}
	before := residentBytes(t)
	for n := range more {
		round(warm + n)
	}
	grown := residentBytes(t) - before
	t.Logf("%d KiB after %d rounds, %+d KiB after %d more", before>>10, warm, grown>>10, more)
	// One that forgot the batches alone would have kept this much.
	if limit := more * 20 * len(ids) * 100 / 4; grown > limit {
		t.Errorf("grown by %d bytes, want less than %d", grown, limit)
	}
}

// residentBytes is how much memory the process has, C's included.
func residentBytes(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	var size, resident int
	if _, err := fmt.Fscan(bytes.NewReader(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}

// Rows of old panes do not stay on disk for ever: after a thousand panes a
// store is not ten times as large as what it has to keep.
func TestDiskIsBounded(t *testing.T) {
	shared, dir := newShared(t, small), t.TempDir()
	s, err := shared.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ids := make([]string, 300)
	for i := range ids {
		ids[i] = fmt.Sprintf("video-%04d", i)
	}
	var b state.Batch
	written := 0
	for p := range 1000 {
		fillPane(&b, ids, likes.Pane(p))
		written += b.Size()
		if err := s.Apply(&b); err != nil {
			t.Fatal(err)
		}
	}
	size := dirBytes(t, dir)
	kept := written / 1000 * likes.LongestWindow
	t.Logf("%d KiB on disk, %d KiB to keep, %d KiB written", size>>10, kept>>10, written>>10)
	if size > 10*kept {
		t.Errorf("%d bytes on disk, want at most %d", size, 10*kept)
	}
}

func dirBytes(t *testing.T, dir string) int {
	size := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".sst" {
			return nil // files come and go
		}
		if info, err := e.Info(); err == nil {
			size += int(info.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}
