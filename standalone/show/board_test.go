package show_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distributed-counter/likes"
	"distributed-counter/standalone/show"
)

// noon begins a window of every length.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// live is a running count as of an instant within ten minutes of noon.
func live(id string, total uint64, at time.Time, counts ...uint64) *likes.Live {
	l := &likes.Live{Video: likes.VideoID(id), Total: total, AsOf: at}
	for i, w := range likes.Windows {
		length := time.Duration(w.Panes) * time.Minute
		l.Windows[i] = likes.Running{Start: at.Truncate(length), End: at.Truncate(length).Add(length), Count: counts[i]}
	}
	return l
}

// drawn is the board as text, without spaces at the ends of lines.
func drawn(b *show.Board, width, height int, now time.Time) string {
	lines := b.Draw(width, height, now)
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestDrawFitsTheTerminal(t *testing.T) {
	b := show.NewBoard(map[likes.VideoID]string{"93f98662-8907-4f43-bb4c-280501481046": "Stream processing made simple"})
	now := noon.Add(30 * time.Second)
	b.Update(live("quiet", 9, now, 0, 0, 1))
	b.Update(live("93f98662-8907-4f43-bb4c-280501481046", 1_234_567, now, 12, 345, 6_789))
	b.Update(live("69e7266c-753e-4ed3-b7fc-9035133a293f", 77, now, 7, 77, 77))
	for _, tc := range []struct {
		name          string
		width, height int
		want          string
	}{
		{"wide", 80, 20, `
video                                     1'   5'   10'  total  likes/s
Stream processing made simple             12  345  6789   1.2M      0.0
69e7266c-753e-4ed3-b7fc-9035133a293f       7   77    77     77     15.4
quiet                                      0    0     1      9      0.0`},
		{"narrow: names are cut", 50, 20, `
video                1'   5'   10'  total  likes/s
Stream processing …  12  345  6789   1.2M      0.0
69e7266c-753e-4ed3…   7   77    77     77     15.4
quiet                 0    0     1      9      0.0`},
		{"narrower: the speed goes", 40, 20, `
video               1'   5'   10'  total
Stream processing…  12  345  6789   1.2M
69e7266c-753e-4ed…   7   77    77     77
quiet                0    0     1      9`},
		{"and 5'", 28, 20, `
video        1'   10'  total
Stream pro…  12  6789   1.2M
69e7266c-7…   7    77     77
quiet         0     1      9`},
		{"and 10'", 21, 20, `
video       1'  total
Stream pr…  12   1.2M
69e7266c-…   7     77
quiet        0      9`},
		{"few lines: the most liked", 80, 2, `
video                                     1'   5'   10'  total  likes/s
Stream processing made simple             12  345  6789   1.2M      0.0`},
		{"no room", 80, 0, "\n"},
	} {
		got := drawn(b, tc.width, tc.height, now)
		if diff := cmp.Diff(strings.TrimPrefix(tc.want, "\n"), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
	for width := 1; width < 100; width++ {
		for _, line := range b.Draw(width, 20, now) {
			if n := len([]rune(line)); n > width {
				t.Errorf("at %d columns a line has %d: %q", width, n, line)
			}
		}
	}
}

// Nobody announces a zero: a window that is over counts nothing.
func TestDrawEndsWindows(t *testing.T) {
	b := show.NewBoard(nil)
	b.Update(live("cat", 30, noon.Add(4*time.Minute+30*time.Second), 10, 20, 30))
	for _, tc := range []struct {
		after time.Duration
		want  string
	}{
		{4*time.Minute + 59*time.Second + 999*time.Millisecond, "10 20 30 30"},
		{5 * time.Minute, "0 0 30 30"},
		{10 * time.Minute, "0 0 0 30"},
	} {
		row := strings.Fields(b.Draw(80, 2, noon.Add(tc.after))[1])
		if got := strings.Join(row[1:5], " "); got != tc.want {
			t.Errorf("%v after noon: %s, want %s", tc.after, got, tc.want)
		}
	}
}

// The likes per second are those of the last five: at once for a video that is
// new, and none for what had been counted before somebody looked.
func TestDrawSpeed(t *testing.T) {
	b := show.NewBoard(nil)
	b.Update(live("new", 10, noon, 10, 10, 10))
	b.Update(live("old", 1000, noon, 10, 10, 10))
	for s := range 10 {
		at := noon.Add(time.Duration(s) * time.Second)
		b.Update(live("steady", uint64(1000+s*40), at, 1, 1, 1))
		b.Update(live("steady", uint64(1000+s*40+20), at.Add(500*time.Millisecond), 1, 1, 1))
	}
	for _, tc := range []struct {
		after time.Duration
		want  map[string]string
	}{
		{0, map[string]string{"new": "2.0", "old": "0.0"}},
		{9*time.Second + 500*time.Millisecond, map[string]string{"new": "0.0", "old": "0.0", "steady": "40.0"}},
		{time.Hour, map[string]string{"new": "0.0", "old": "0.0", "steady": "0.0"}},
	} {
		got := make(map[string]string)
		for _, line := range b.Draw(80, 10, noon.Add(tc.after))[1:] {
			f := strings.Fields(line)
			got[f[0]] = f[5]
		}
		for id, want := range tc.want {
			if got[id] != want {
				t.Errorf("%v after noon, %s: %s likes/s, want %s", tc.after, id, got[id], want)
			}
		}
	}
}

// A terminal obeys no id, and a wide letter takes its two columns.
func TestDrawStrangeIDs(t *testing.T) {
	b := show.NewBoard(nil)
	b.Update(live("\u202eeman", 3, noon, 3, 3, 3))
	b.Update(live("数えるのは楽しい猫の動画", 2, noon, 2, 2, 2))
	b.Update(live("e\u0301te\u0301", 1, noon, 1, 1, 1))
	want := `video        1'  5'  10'  total
?eman         3   3    3      3
数えるのは…   2   2    2      2
` + "e\u0301te\u0301           1   1    1      1"
	if diff := cmp.Diff(want, drawn(b, 31, 10, noon)); diff != "" {
		t.Errorf("board (-want +got):\n%s", diff)
	}
}

// However many videos there are, a board knows some thousand: the newest.
func TestBoardIsBounded(t *testing.T) {
	b := show.NewBoard(nil)
	const many = 50_000
	for i := range many {
		b.Update(live(strconv.Itoa(i), 1, noon.Add(time.Duration(i)*time.Millisecond), 1, 1, 1))
	}
	lines := b.Draw(80, many, noon)
	if len(lines) > 10_001 {
		t.Errorf("%d lines", len(lines))
	}
	if last := strconv.Itoa(many - 1); !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, last+" ") }) {
		t.Error("the newest video is forgotten")
	}
}
