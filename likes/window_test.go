package likes_test

import (
	"testing"
	"time"

	"distributed-counter/likes"
)

func TestPaneOf(t *testing.T) {
	for _, tt := range []struct {
		name   string
		ms     int64
		length time.Duration
		want   likes.Pane
	}{
		{"the epoch", 0, time.Minute, 0},
		{"the end of the first minute", 59_999, time.Minute, 0},
		{"a boundary belongs to the later pane", 60_000, time.Minute, 1},
		{"before 1970", -1, time.Minute, -1},
		{"a whole minute before 1970", -60_000, time.Minute, -1},
		{"and one millisecond more", -60_001, time.Minute, -2},
		{"two minutes before 1970", -120_000, time.Minute, -2},
		{"a short pane", 4_999, 500 * time.Millisecond, 9},
		{"a short pane before 1970", -500, 500 * time.Millisecond, -1},
		{"an hour", 3_600_000, time.Hour, 1},
		{"the shortest", -7, time.Millisecond, -7},
		{"the last millisecond", 1<<63 - 1, time.Minute, (1<<63 - 1) / 60_000},
		{"the first millisecond", -1 << 63, time.Minute, -(1<<63-1)/60_000 - 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := likes.PaneOf(tt.ms, tt.length); got != tt.want {
				t.Errorf("pane of %d: got %d, want %d", tt.ms, got, tt.want)
			}
		})
	}
}

// Every instant lies in its pane, which begins at or before it and ends after.
func FuzzPaneOf(f *testing.F) {
	f.Add(int64(0), int64(60_000))
	f.Add(int64(-1), int64(500))
	f.Fuzz(func(t *testing.T, ms, length int64) {
		ms %= 1 << 50
		if length %= 3_600_000; length <= 0 {
			length = 1 - length
		}
		l := time.Duration(length) * time.Millisecond
		p := likes.PaneOf(ms, l)
		if start, end := p.Start(l).UnixMilli(), (p + 1).Start(l).UnixMilli(); ms < start || ms >= end {
			t.Errorf("%d ms is in pane %d of [%d,%d)", ms, p, start, end)
		}
	})
}

func TestPaneStart(t *testing.T) {
	for _, tt := range []struct {
		pane   likes.Pane
		length time.Duration
		want   string
	}{
		{0, time.Minute, "1970-01-01T00:00:00Z"},
		{-1, time.Minute, "1969-12-31T23:59:00Z"},
		{29_879_884, time.Minute, "2026-10-23T22:04:00Z"},
		{3, 500 * time.Millisecond, "1970-01-01T00:00:01.5Z"},
	} {
		if got := tt.pane.Start(tt.length).Format(time.RFC3339Nano); got != tt.want {
			t.Errorf("start of pane %d of %v: got %s, want %s", tt.pane, tt.length, got, tt.want)
		}
	}
}

func TestWindows(t *testing.T) {
	for _, tt := range []struct {
		name  string
		pane  likes.Pane
		first [3]likes.Pane // of the windows of 1, 5 and 10 panes it lies in
		ends  [3]bool       // whether they end with it
	}{
		{"the epoch", 0, [3]likes.Pane{0, 0, 0}, [3]bool{true, false, false}},
		{"the end of five", 4, [3]likes.Pane{4, 0, 0}, [3]bool{true, true, false}},
		{"the second five", 5, [3]likes.Pane{5, 5, 0}, [3]bool{true, false, false}},
		{"the end of ten", 9, [3]likes.Pane{9, 5, 0}, [3]bool{true, true, true}},
		{"the next ten", 10, [3]likes.Pane{10, 10, 10}, [3]bool{true, false, false}},
		{"before 1970", -1, [3]likes.Pane{-1, -5, -10}, [3]bool{true, true, true}},
		{"the five before", -6, [3]likes.Pane{-6, -10, -10}, [3]bool{true, true, false}},
		{"the ten before", -10, [3]likes.Pane{-10, -10, -10}, [3]bool{true, false, false}},
		{"and its predecessor", -11, [3]likes.Pane{-11, -15, -20}, [3]bool{true, true, true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var first [3]likes.Pane
			var ends [3]bool
			for i, w := range likes.Windows {
				first[i], ends[i] = w.First(tt.pane), w.EndsWith(tt.pane)
			}
			if first != tt.first || ends != tt.ends {
				t.Errorf("pane %d: got %v %v, want %v %v", tt.pane, first, ends, tt.first, tt.ends)
			}
		})
	}
}

// What the package promises of its table, and others rely on.
func TestTableOfWindows(t *testing.T) {
	if likes.Windows[0].Panes != 1 {
		t.Errorf("the first window is %d panes long, want 1", likes.Windows[0].Panes)
	}
	for i, w := range likes.Windows[1:] {
		if before := likes.Windows[i]; w.Panes <= before.Panes || w.Panes%before.Panes != 0 {
			t.Errorf("%s is not a multiple of %s", w.Name, before.Name)
		}
	}
	if last := likes.Windows[len(likes.Windows)-1]; last.Panes != likes.LongestWindow {
		t.Errorf("the last window is %d panes long, want LongestWindow, %d", last.Panes, likes.LongestWindow)
	}
}
