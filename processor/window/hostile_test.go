package window_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// A producer may invent timestamps. Whatever it invents, the like counts, its
// window can be written down, and the watermark does not jump into the far
// future, where every honest like after it would be late.
func TestInventedTimestamps(t *testing.T) {
	for _, tt := range []struct {
		at   int64
		pane likes.Pane // with panes of a second
	}{
		{math.MinInt64, -50_000_000_000},
		{math.MinInt64 + 1000, -50_000_000_000},
		{-50_000_000_000_001, -50_000_000_000},
		{-1, -1}, // Kafka's "no timestamp"
		{0, 0},
		{math.MaxInt64, 250_000_000_000},
	} {
		t.Run(fmt.Sprint(tt.at), func(t *testing.T) {
			pos := window.SourcePosition{Identity: window.Identity{Pane: time.Second}}
			s := window.NewSource(window.SourceConfig{Partitions: 1, Grace: 5 * time.Second}, pos)
			if err := s.Add(0, tt.at, []byte("cat")); err != nil {
				t.Fatal(err)
			}
			b, err := window.ParseBatch(s.Flush(1).Batches[0][0])
			if err != nil {
				t.Fatal(err)
			}
			for d := range b.Deltas() {
				if d.Pane != tt.pane || d.Likes != 1 {
					t.Errorf("got %+v, want pane %d", d, tt.pane)
				}
				if got, err := time.Parse(time.RFC3339, d.Pane.Start(time.Second).Format(time.RFC3339)); err != nil || !got.Equal(d.Pane.Start(time.Second)) {
					t.Errorf("pane %d starts at %v, which does not come back: %v %v", d.Pane, d.Pane.Start(time.Second), got, err)
				}
			}
			if want := int64(tt.pane)*1000 - 5000; b.Watermark > want+999 || b.Watermark < want {
				t.Errorf("watermark %d, want %d", b.Watermark, want)
			}
		})
	}
}

// A batch with more likes than source records, or from beyond all time, is
// foreign, however well it parses.
func TestHostileBatches(t *testing.T) {
	const nothing = "\x01\x01\xe8\x07\x00\x01\x00\x02\x00" // one source, offsets 0 to 2, watermark 0, panes of 1 s
	huge := "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	for _, tt := range []struct {
		name, value string
		ok          bool
	}{
		{"no deltas", nothing, true},
		{"as many likes as records", nothing + "\x00\x03cat\x01\x03dog\x01\x00", true},
		{"more likes than records", nothing + "\x00\x03cat\x01\x03dog\x02\x00", false},
		{"likes that overflow", nothing + "\x00\x03cat" + huge + "\x03dog" + huge + "\x00", false},
		{"the last pane of int64", nothing + "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x03cat\x01\x00", false},
		{"the first pane of int64", nothing + huge + "\x03cat\x01\x00", false},
		{"no likes", nothing + "\x00\x03cat\x00\x00", false},
		{"pane without an end", nothing + "\x00\x03cat\x01", false},
		{"id that ends early", nothing + "\x00\x04cat", false},
		{"id too long", nothing + "\x00\x81\x01" + strings.Repeat("x", 129) + "\x01\x00", false},
		{"empty", "", false},
		{"another version", "\x02" + nothing[1:], false},
		{"watermark at the end of time", nothing[:8] + "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", false},
		{"watermark before all time", nothing[:8] + huge, false},
		{"pane length 0", "\x01\x01\x00\x00\x01\x00\x02\x00", false},
		{"pane length that overflows", "\x01\x01" + huge + "\x00\x01\x00\x02\x00", false},
		{"source that there is not", "\x01\x01\xe8\x07\x01\x01\x00\x02\x00", false},
		{"a million sources", "\x01\x01\xe8\x07\x00\xc0\x84\x3d\x00\x02\x00", false},
		{"offsets that go back", "\x01\x01\xe8\x07\x00\x01\x02\x00\x00", false},
		{"neither last nor not", "\x01\x02\xe8\x07\x00\x01\x00\x02\x00", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := window.ParseBatch([]byte(tt.value)); (err == nil) != tt.ok {
				t.Errorf("got error %v, want ok %v", err, tt.ok)
			}
		})
	}
}

// Sums of pane numbers must not overflow, wherever the panes are.
func TestVideoAtTheEndsOfTime(t *testing.T) {
	for _, first := range []likes.Pane{likes.Never + 10, -3, 0, math.MaxInt64 - 3} {
		var v window.Video
		v.Add(first, window.Count{Likes: 1})
		v.Add(first+3, window.Count{Likes: 2})
		got := [...]window.Count{v.At(first - 1), v.At(first), v.At(first + 1), v.At(first + 3), v.At(likes.Never), v.At(math.MaxInt64 - 4)}
		want := [...]window.Count{{}, {Likes: 1}, {}, {Likes: 2}, {}, {}}
		if got != want {
			t.Errorf("from pane %d: got %v, want %v", first, got, want)
		}
		if got := [...]uint64{v.TotalAt(first), v.TotalAt(first + 2), v.TotalAt(first + 3)}; got != [...]uint64{1, 1, 3} {
			t.Errorf("from pane %d: totals %v, want 1, 1, 3", first, got)
		}
		if back, err := window.ParseVideo(v.Append(nil)); err != nil || back != v {
			t.Errorf("from pane %d: %+v comes back as %+v, %v", first, v, back, err)
		}
	}
}

// The limit is about records; a plan always makes progress.
func TestPlanWithoutRoomMakesProgress(t *testing.T) {
	for _, limit := range []int{-1, 0, 1} {
		c := window.NewCounter(window.Position{Identity: modelIdentity, Published: 5, At: window.Progress{Frontier: 5}})
		fold(t, c, 5, "cat", "dog")
		fold(t, c, 9)
		part, err := c.Plan(newShelf(), limit)
		if err != nil || len(part.Values) != 1 || part.Values[0].ID != "cat" || part.Position.Cursor != "cat" {
			t.Errorf("limit %d: got %+v, %v", limit, part, err)
		}
	}
}

// A position behind the last one would publish again what is published.
func TestFollowRefusesToGoBack(t *testing.T) {
	at := func(published likes.Pane, cursor string, replay int64) window.Position {
		return window.Position{Identity: modelIdentity, Published: published, Cursor: cursor, Replay: replay}
	}
	for _, tt := range []struct {
		name  string
		to    window.Position
		panic bool
	}{
		{"the same again", at(5, "cat", 7), false},
		{"further in the pane", at(5, "dog", 7), false},
		{"the next pane", at(6, "", 9), false},
		{"an earlier pane", at(4, "zebra", 9), true},
		{"an earlier video", at(5, "ant", 9), true},
		{"an earlier offset", at(6, "", 6), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if r := recover(); (r != nil) != tt.panic {
					t.Errorf("panic %v, want %v", r, tt.panic)
				}
			}()
			window.NewCounter(at(5, "cat", 7)).Follow(tt.to)
		})
	}
}

// fold folds one record of source 0: likes of these videos at the start of a
// pane, which thereby becomes the frontier.
func fold(t *testing.T, c *window.Counter, pane int64, ids ...string) {
	t.Helper()
	s := window.NewSource(window.SourceConfig{Partitions: 1}, window.SourcePosition{Identity: modelIdentity, Next: next(c)})
	for _, id := range ids {
		if err := s.Add(s.Next(), pane*modelPane.Milliseconds(), []byte(id)); err != nil {
			t.Fatal(err)
		}
	}
	s.Idle(pane * modelPane.Milliseconds())
	for _, b := range s.Flush(1).Batches[0] {
		if _, err := c.Fold(c.Next(), b); err != nil {
			t.Fatal(err)
		}
	}
}

// next is the source offset at which source 0 goes on, as the counter draws it.
func next(c *window.Counter) (offset int64) {
	for line := range strings.Lines(c.String()) {
		var watermark int64
		if n, _ := fmt.Sscanf(line, "source 0 watermark %d next %d", &watermark, &offset); n == 2 {
			return offset
		}
	}
	return 0
}
