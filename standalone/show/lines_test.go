package show_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distributed-counter/likes"
	"distributed-counter/standalone/show"
)

func TestLine(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 5, 5, 112e6, time.Local)
	final := func(id string, late uint64, length time.Duration) *likes.Final {
		start := at.Truncate(time.Minute)
		return &likes.Final{Type: "1min", Video: likes.VideoID(id), Count: 12, Start: start, End: start.Add(length), Late: late, Total: 3468}
	}
	for _, tc := range []struct {
		name  string
		event show.Event
		want  string
	}{
		{"running", show.Event{Time: at, Live: live("cat", 3461, noon, 5, 17, 31)},
			"10:05:05.112  live   cat                                   1min 5  5min 17  10min 31  total 3461"},
		{"final", show.Event{Time: at, Final: final("93f98662-8907-4f43-bb4c-280501481046", 0, time.Minute)},
			"10:05:05.112  1min   93f98662-8907-4f43-bb4c-280501481046  12 in [10:05:00,10:06:00)  total 3468"},
		{"late likes, short window", show.Event{Time: at, Final: final("cat", 2, 300*time.Millisecond)},
			"10:05:05.112  1min   cat                                   12 in [10:05:00,10:05:00.3)  total 3468  late 2"},
		{"an id that turns the line round", show.Event{Time: at, Final: final("\u202ecat", 0, time.Minute)},
			"10:05:05.112  1min   ?cat                                  12 in [10:05:00,10:06:00)  total 3468"},
		{"neither", show.Event{Time: at, Err: errors.New("t/0 offset 7: what\x1b[2J")},
			"10:05:05.112  ?      t/0 offset 7: what?[2J"},
	} {
		if got := show.Line(tc.event); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

// A window is summed until nothing came of it for a while.
func TestSums(t *testing.T) {
	s := show.NewSums()
	window := func(kind string, minute, length int) likes.Final {
		start := noon.Add(time.Duration(minute) * time.Minute)
		return likes.Final{Type: kind, Start: start, End: start.Add(time.Duration(length) * time.Minute)}
	}
	add := func(f likes.Final, count uint64, at int) {
		f.Count = count
		s.Add(&f, noon.Add(time.Duration(at)*time.Second))
	}
	add(window("1min", 4, 1), 3, 0)
	add(window("5min", 0, 5), 30, 0)
	add(window("1min", 4, 1), 4, 1)
	add(window("1min", 5, 1), 5, 9)
	quiet := func(at int) (got []string) {
		for _, w := range s.Quiet(noon.Add(time.Duration(at) * time.Second)) {
			got = append(got, fmt.Sprintf("%s from %s: %d videos, %d likes", w.Type, w.Start.Format("15:04"), w.Videos, w.Likes))
		}
		return got
	}
	for _, tc := range []struct {
		at   int
		want []string
	}{
		{-1, nil},
		{1, []string{"1min from 12:04: 2 videos, 7 likes", "5min from 12:00: 1 videos, 30 likes"}},
		{8, nil},
		{9, []string{"1min from 12:05: 1 videos, 5 likes"}},
		{100, nil},
	} {
		if diff := cmp.Diff(tc.want, quiet(tc.at)); diff != "" {
			t.Errorf("quiet since %d s (-want +got):\n%s", tc.at, diff)
		}
	}
}

// The log waits for the end of the table, and of more than it keeps it says so.
func TestTail(t *testing.T) {
	var out bytes.Buffer
	tail := show.NewTail(&out)
	begin := time.Now()
	for i := range 3 {
		fmt.Fprintf(tail, "line %d\n", i)
	}
	fmt.Fprint(tail, "line 3\nline 4\n")
	if got := tail.Last(2, begin.Add(-time.Second)); !slices.Equal(got, []string{"line 3", "line 4"}) {
		t.Errorf("last 2: %q", got)
	}
	if got := tail.Last(9, begin.Add(time.Hour)); len(got) != 0 {
		t.Errorf("lines from the future: %q", got)
	}
	if out.Len() > 0 {
		t.Errorf("written before the end: %q", out.String())
	}
	tail.End()
	tail.End()
	fmt.Fprint(tail, "after\n")
	if got, want := out.String(), "line 0\nline 1\nline 2\nline 3\nline 4\nafter\n"; got != want {
		t.Errorf("log: %q, want %q", got, want)
	}
	out.Reset()
	tail = show.NewTail(&out)
	for i := range 1000 {
		fmt.Fprintf(tail, "line %d\n", i)
	}
	tail.End()
	if got := strings.Count(out.String(), "\n"); got != 201 || !strings.HasSuffix(out.String(), "line 999\n") || !strings.HasPrefix(out.String(), "… earlier") {
		t.Errorf("of 1000 lines, %d were written: %.40q…", got, out.String())
	}
}
