package window_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

var codecIdentity = window.Identity{
	Group: "distirbuted-video-clicks-counter", Pane: time.Minute,
	From: window.TopicID{0xf0, 1, 2}, To: window.TopicID{0x70, 3, 4},
}

func exampleVideo() window.Video {
	var v window.Video
	v.Add(-7, window.Count{Likes: 1000})
	v.Add(2, window.Count{Likes: 300, Late: 5})
	v.Add(2, window.Count{Likes: 1, Late: 1})
	v.Add(4, window.Count{Likes: 2})
	return v
}

func examplePosition() window.Position {
	return window.Position{
		Identity: codecIdentity, Published: 29_879_884, Cursor: "cat", Replay: 1 << 40,
		At: window.Progress{Frontier: 29_879_883, Marks: []window.Mark{
			{Known: true, Watermark: 1_792_793_040_000, Next: 77}, {}, {Known: true, Watermark: -5000},
		}},
	}
}

func exampleBatches(t *testing.T) [][]byte {
	pos := window.SourcePosition{Identity: codecIdentity, Next: 1000}
	s := window.NewSource(window.SourceConfig{Source: 1, Partitions: 1, Grace: 5 * time.Second}, pos)
	for _, l := range []like{{60_000, "cat"}, {59_999, "dog"}, {60_001, "cat"}, {-1, "é"}} {
		if err := s.Add(s.Next(), l.at, []byte(l.id)); err != nil {
			t.Fatal(err)
		}
	}
	return s.Flush(3).Batches[0]
}

// Bytes on disk and in topics outlive the program that wrote them: a change of
// a format must come with a new version, and fails here.
func TestGoldenBytes(t *testing.T) {
	video, pos := exampleVideo(), examplePosition()
	first := window.Position{Identity: codecIdentity, Published: never, At: window.Progress{Frontier: never}}
	source := window.SourcePosition{Identity: codecIdentity, Next: 1000, Known: true, Watermark: -1}
	silent := window.SourcePosition{Identity: codecIdentity}
	for _, tt := range []struct {
		file string
		got  []byte
	}{
		{"batch", exampleBatches(t)[0]},
		{"video", video.Append(nil)},
		{"position", pos.Append(nil)},
		{"position-first", first.Append(nil)},
		{"source-position", source.Append(nil)},
		{"source-position-silent", silent.Append(nil)},
	} {
		t.Run(tt.file, func(t *testing.T) {
			path := filepath.Join("testdata", tt.file+".hex")
			if *rewrite {
				if err := os.WriteFile(path, []byte(hex.Dump(tt.got)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.Dump(tt.got); got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// A commit that is larger than a batch is split. The watermark travels in the
// last batch only, after the deltas that it covers.
func TestLargeCommitIsSplit(t *testing.T) {
	s := window.NewSource(window.SourceConfig{Partitions: 1}, window.SourcePosition{Identity: codecIdentity})
	c := window.NewCounter(window.Position{Identity: codecIdentity, Published: never, At: window.Progress{Frontier: never}})
	const videos = 12_000
	id := bytes.Repeat([]byte("x"), likes.MaxVideoID)
	for n := range int64(videos) {
		copy(id, time.UnixMilli(n).UTC().Format("15:04:05.000"))
		if err := s.Add(n, n%2*60_000, id); err != nil {
			t.Fatal(err)
		}
	}
	batches := s.Flush(1).Batches[0]
	if len(batches) < 3 {
		t.Fatalf("%d batches, want several", len(batches))
	}
	sum := uint64(0)
	for i, value := range batches {
		b, err := window.ParseBatch(value)
		if last := i == len(batches)-1; err != nil || b.Last != last || !last && b.Watermark != 0 || b.From != 0 || b.To != videos {
			t.Errorf("batch %d: %+v, %v", i, b, err)
		}
		if most := window.MaxBatch + 256; len(value) > most {
			t.Errorf("batch %d has %d bytes, want %d at most", i, len(value), most)
		}
		if c.Frontier() != never {
			t.Errorf("batch %d: the frontier has moved already", i)
		}
		folded, err := c.Fold(int64(i), value)
		if err != nil {
			t.Fatal(err)
		}
		sum += folded.Likes
	}
	if sum != videos || c.Frontier() != 1 {
		t.Errorf("folded %d likes, frontier %d; want %d, 1", sum, c.Frontier(), videos)
	}
}

// Sums are bounded: a source says when it has to be flushed.
func TestSourceIsFullInTime(t *testing.T) {
	s := window.NewSource(window.SourceConfig{Partitions: 3}, window.SourcePosition{Identity: codecIdentity})
	for n := range int64(window.MaxSumPanes) {
		if s.Full() {
			t.Fatalf("full with %d panes", n)
		}
		if err := s.Add(n, n*60_000, []byte("cat")); err != nil {
			t.Fatal(err)
		}
	}
	if !s.Full() || !s.Dirty() {
		t.Errorf("full %v, dirty %v; want both", s.Full(), s.Dirty())
	}
	if s.Flush(1); s.Full() || s.Dirty() {
		t.Errorf("after a flush: full %v, dirty %v; want neither", s.Full(), s.Dirty())
	}
}

// For each parser: whatever the bytes, no panic and no memory beyond them;
// and what it accepts, it reads again from what Append makes of it.

func FuzzParseBatch(f *testing.F) {
	f.Add([]byte("\x01\x01\xe8\x07\x00\x01\x00\x02\x00\x00\x03cat\x01\x03dog\x01\x00"))
	f.Add([]byte("\x01\x00\xe8\x07\x00\x01\x00\xff\xff\xff\xff\x0f\x02\x03cat\xff\x01\x00\x04\x01a\x01\x00"))
	f.Fuzz(func(t *testing.T, value []byte) {
		b, err := window.ParseBatch(value)
		if err != nil {
			return
		}
		sum := uint64(0)
		for d := range b.Deltas() {
			if len(d.ID) == 0 || len(d.ID) > likes.MaxVideoID || d.Likes == 0 {
				t.Errorf("delta %+v", d)
			}
			sum += d.Likes
		}
		if sum > uint64(b.To-b.From) || b.Source >= b.Sources || b.Sources > window.MaxSources || b.Pane <= 0 {
			t.Errorf("%d likes in %+v", sum, b)
		}
		c := window.NewCounter(window.Position{Identity: window.Identity{Pane: b.Pane}, Published: never, At: window.Progress{Frontier: never}})
		if folded, err := c.Fold(0, value); err != nil || folded.Likes != sum {
			t.Errorf("folded %+v, %v; want %d likes", folded, err, sum)
		}
	})
}

func FuzzParseVideo(f *testing.F) {
	v := exampleVideo()
	f.Add(v.Append(nil))
	f.Fuzz(func(t *testing.T, value []byte) {
		v, err := window.ParseVideo(value)
		if err != nil {
			return
		}
		if back, err := window.ParseVideo(v.Append(nil)); err != nil || back != v {
			t.Errorf("%+v comes back as %+v, %v", v, back, err)
		}
	})
}

func FuzzParsePosition(f *testing.F) {
	pos := examplePosition()
	f.Add(pos.Append(nil))
	f.Fuzz(func(t *testing.T, value []byte) {
		pos, err := window.ParsePosition(value)
		if err != nil {
			return
		}
		if len(pos.At.Marks) > len(value) {
			t.Errorf("%d marks from %d bytes", len(pos.At.Marks), len(value))
		}
		back, err := window.ParsePosition(pos.Append(nil))
		if err != nil || !slices.Equal(back.At.Marks, pos.At.Marks) || !bytes.Equal(back.Append(nil), pos.Append(nil)) {
			t.Errorf("%+v comes back as %+v, %v", pos, back, err)
		}
	})
}

func FuzzParseSourcePosition(f *testing.F) {
	f.Add([]byte("\x01\x01g\xe8\x07" + strings.Repeat("\x00", 32) + "\x05\x01\x09"))
	f.Fuzz(func(t *testing.T, value []byte) {
		pos, err := window.ParseSourcePosition(value)
		if err != nil {
			return
		}
		if back, err := window.ParseSourcePosition(pos.Append(nil)); err != nil || back != pos {
			t.Errorf("%+v comes back as %+v, %v", pos, back, err)
		}
	})
}
