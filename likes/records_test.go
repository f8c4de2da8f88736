package likes_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"distributed-counter/likes"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// golden compares with a file, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *rewrite {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != strings.TrimSuffix(string(want), "\n") {
		t.Errorf("%s:\n got %s\nwant %s", file, got, want)
	}
}

var start = time.Date(2026, 11, 22, 10, 4, 0, 0, time.UTC)

func exampleFinal() likes.Final {
	return likes.Final{
		Type: "1min", Video: "93f98662-8907-4f43-bb4c-280501481046", Count: 12,
		Start: start, End: start.Add(time.Minute), Late: 3, Total: 3456,
	}
}

func exampleLive() likes.Live {
	return likes.Live{
		Video: "93f98662-8907-4f43-bb4c-280501481046", Total: 3461,
		Windows: [len(likes.Windows)]likes.Running{
			{Start: start, End: start.Add(time.Minute), Count: 5},
			{Start: start.Add(-4 * time.Minute), End: start.Add(time.Minute), Count: 17},
			{Start: start.Add(-4 * time.Minute), End: start.Add(6 * time.Minute), Count: 17},
		},
		AsOf: start.Add(42*time.Second + 123*time.Millisecond),
	}
}

// What is in these files is what readers of the public topics were promised.
func TestRecordsGolden(t *testing.T) {
	final, live := exampleFinal(), exampleLive()
	golden(t, "final.json", final.Append(nil))
	golden(t, "live.json", live.Append(nil))

	short := exampleFinal() // with panes of half a second, as in a demo
	short.Type, short.End = "5min", short.Start.Add(2500*time.Millisecond)
	golden(t, "final-short-panes.json", short.Append(nil))

	odd := exampleFinal()
	odd.Video = "\"\\<>&\u2028\u00a0é👍"
	golden(t, "final-odd-id.json", odd.Append(nil))
}

// Times are written in UTC whatever the location of the value.
func TestTimesAreUTC(t *testing.T) {
	f := exampleFinal()
	want := string(f.Append(nil))
	cet := time.FixedZone("CET", 3600)
	f.Start, f.End = f.Start.In(cet), f.End.In(cet)
	if got := string(f.Append(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// An encoder remembers times, and writes what Append writes, whatever came before.
func TestEncoderForgetsNothing(t *testing.T) {
	var e likes.Encoder
	for i, d := range []time.Duration{0, 0, time.Minute, 0, time.Hour, time.Millisecond} {
		final, live := exampleFinal(), exampleLive()
		final.Type = likes.Windows[i%3].Name
		final.Start, final.End = final.Start.Add(d), final.End.Add(2*d)
		live.Windows[1].Start, live.Windows[2].End, live.AsOf = live.Windows[1].Start.Add(d), live.Windows[2].End.Add(-d), live.AsOf.Add(d)
		if i == 4 { // further than a time's text is remembered
			live.AsOf = time.Date(1_234_567_890, 1, 2, 3, 4, 5, 678_900_001, time.UTC)
		}
		if got, want := string(e.Final(nil, &final)), string(final.Append(nil)); got != want {
			t.Errorf("record %d:\n got %s\nwant %s", i, got, want)
		}
		got, want := string(e.Live(nil, &live)), string(live.Append(nil))
		if asOf := live.AsOf.Format(time.RFC3339Nano); got != want || !strings.Contains(got, asOf) {
			t.Errorf("record %d:\n got %s\nwant %s, with %s", i, got, want, asOf)
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	final, live := exampleFinal(), exampleLive()
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buf = final.Append(buf[:0]) }); n != 0 {
		t.Errorf("Final: %v allocations, want 0", n)
	}
	if n := testing.AllocsPerRun(100, func() { buf = live.Append(buf[:0]) }); n != 0 {
		t.Errorf("Live: %v allocations, want 0", n)
	}
}

// Readers ignore members they don't know.
func TestParseIgnoresUnknownMembers(t *testing.T) {
	final, err := likes.ParseFinal([]byte(`{"new":{},"type":"1min","video_uid":"cat","count":1,"window_start":"2026-11-22T10:04:00Z","window_end":"2026-11-22T10:05:00Z","total":2,"late":0}`))
	want := likes.Final{Type: "1min", Video: "cat", Count: 1, Start: start, End: start.Add(time.Minute), Total: 2}
	if err != nil || final != want {
		t.Errorf("got %+v, %v; want %+v", final, err, want)
	}
	live, err := likes.ParseLive([]byte(`{"video_uid":"cat","total":2,"windows":{"1day":{"count":9},"5min":{"start":"2026-11-22T10:04:00Z","end":"2026-11-22T10:09:00Z","count":2}},"new":1}`))
	wantLive := likes.Live{Video: "cat", Total: 2}
	wantLive.Windows[1] = likes.Running{Start: start, End: start.Add(5 * time.Minute), Count: 2}
	if err != nil || live != wantLive {
		t.Errorf("got %+v, %v; want %+v", live, err, wantLive)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, value := range []string{"", "{", "[]", `"cat"`, `{"count":-1,"total":-1}`, `{"window_start":"noon","as_of":"noon"}`, `{"total":1.5}`} {
		if f, err := likes.ParseFinal([]byte(value)); err == nil {
			t.Errorf("%s: parsed as final count %+v", value, f)
		}
		if l, err := likes.ParseLive([]byte(value)); err == nil {
			t.Errorf("%s: parsed as running counts %+v", value, l)
		}
	}
}

func addIDs(f *testing.F) {
	for _, id := range []string{"cat", `"`, `\`, "\u2028", "<>&", "\x7f", "\x00\x1f", "é👍", "\xff", "a\xc3", "\ufffd"} {
		f.Add(id, uint64(1), uint64(0), uint64(1<<64-1), int64(29_879_884))
	}
}

// Whatever the id, the JSON is valid, encoding/json reads back what was
// written (but for bytes that are not UTF-8, which no id has), and the members are in the
// contract's order.
func FuzzFinal(f *testing.F) {
	addIDs(f)
	f.Fuzz(func(t *testing.T, id string, count, late, total uint64, pane int64) {
		s := likes.Pane(pane % 1e8).Start(time.Minute)
		want := likes.Final{Type: "10min", Video: likes.VideoID(id), Count: count, Start: s, End: s.Add(10 * time.Minute), Late: late, Total: total}
		value := want.Append([]byte("before"))[len("before"):]
		checkOrder(t, value, "type", "video_uid", "count", "window_start", "window_end", "late", "total")
		if got, err := likes.ParseFinal(value); err != nil || utf8.ValidString(id) && got != want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", value, got, err, want)
		}
	})
}

func FuzzLive(f *testing.F) {
	addIDs(f)
	f.Fuzz(func(t *testing.T, id string, one, five, total uint64, pane int64) {
		s := likes.Pane(pane % 1e8).Start(time.Minute)
		want := likes.Live{Video: likes.VideoID(id), Total: total, AsOf: s.Add(1)}
		for i, w := range likes.Windows {
			want.Windows[i] = likes.Running{Start: s, End: s.Add(time.Duration(w.Panes) * time.Minute), Count: one + uint64(i)*five}
		}
		value := want.Append([]byte("before"))[len("before"):]
		checkOrder(t, value, "video_uid", "total", "windows", "as_of")
		if got, err := likes.ParseLive(value); err != nil || utf8.ValidString(id) && got != want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", value, got, err, want)
		}
	})
}

// checkOrder checks that value is one JSON object with these members.
func checkOrder(t *testing.T, value []byte, names ...string) {
	t.Helper()
	if !utf8.Valid(value) {
		t.Errorf("%q is not UTF-8", value)
	}
	d := json.NewDecoder(strings.NewReader(string(value)))
	if _, err := d.Token(); err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	for _, name := range names {
		var member json.RawMessage
		if got, err := d.Token(); err != nil || got != name {
			t.Fatalf("%s: member %v, %v; want %s", value, got, err, name)
		}
		if err := d.Decode(&member); err != nil {
			t.Fatalf("%s: member %s: %v", value, name, err)
		}
	}
	if _, err := d.Token(); err != nil || d.More() {
		t.Errorf("%s: more than its members: %v", value, err)
	}
}
