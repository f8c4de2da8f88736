package record_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distributed-counter/chaos/record"
)

func TestParseBatch(t *testing.T) {
	value := []byte("\x01\x01" + // version, last
		"\xd0\x0f" + "\x02\x03" + "\x05\xac\x02" + // 2000 ms, source 2 of 3, offsets 5 to 300
		"\xa0\x1f" + // watermark 2000
		"\x02" + "\x03cat\x07" + "\x03dog\x01" + "\x00" + // pane 1
		"\x01" + "\x03cat\x02" + "\x00") // pane −1
	want := record.Batch{
		PaneMS: 2000, Source: 2, Sources: 3, From: 5, To: 300, Last: true, Watermark: 2000,
		Deltas: []record.Delta{{1, "cat", 7}, {1, "dog", 1}, {-1, "cat", 2}},
	}
	got, err := record.ParseBatch(value)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
	for i := range value {
		// After the head, and after a pane, a batch may end.
		if _, err := record.ParseBatch(value[:i]); i != 11 && i != 23 && !errors.Is(err, record.ErrMalformed) {
			t.Errorf("the first %d bytes: error %v, want %v", i, err, record.ErrMalformed)
		}
	}
}

func TestParsePublished(t *testing.T) {
	got, err := record.ParsePublished([]byte("\x01\x0c\x08\x05\x00\x07\x00\x03\x01"))
	want := record.Published{Total: 12, Newest: 4}
	want.Counts[0], want.Counts[2] = record.Count{Likes: 7}, record.Count{Likes: 3, Late: 1}
	if err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// The contract names these.
func TestPartition(t *testing.T) {
	for id, want := range map[string]int{
		"93f98662-8907-4f43-bb4c-280501481046": 2,
		"69e7266c-753e-4ed3-b7fc-9035133a293f": 1,
		"00000000-0000-4000-8000-000000000001": 0,
	} {
		if got := record.Partition(id, 3); got != want {
			t.Errorf("partition of %s: got %d, want %d", id, got, want)
		}
	}
}

func TestIsLike(t *testing.T) {
	long := string(make([]rune, 0))
	for range 128 {
		long += "x"
	}
	for _, c := range []struct {
		value string
		want  bool
	}{
		{"cat", true}, {"é", true}, {long, true},
		{"", false}, {long + "x", false}, {"a\nb", false}, {"a\x7f", false}, {"a\u0085", false}, {"\xff", false},
	} {
		if got := record.IsLike([]byte(c.value)); got != c.want {
			t.Errorf("IsLike(%q): got %v, want %v", c.value, got, c.want)
		}
	}
}

func TestParseFinal(t *testing.T) {
	const good = `{"type":"1min","video_uid":"cat","count":2,"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","late":1,"total":5}`
	f, err := record.ParseFinal([]byte(good))
	if err != nil || f.Count != 2 || f.Late != 1 || f.Total != 5 || f.End.Sub(f.Start).Minutes() != 1 {
		t.Errorf("got %+v, %v", f, err)
	}
	for name, bad := range map[string]string{
		"another order": `{"video_uid":"cat","type":"1min","count":2,"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","late":1,"total":5}`,
		"count of 0":    `{"type":"1min","video_uid":"cat","count":0,"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","late":0,"total":5}`,
		"no window":     `{"type":"1min","video_uid":"cat","count":2,"late":1,"total":5}`,
		"no JSON":       `cat`,
	} {
		if _, err := record.ParseFinal([]byte(bad)); !errors.Is(err, record.ErrMalformed) {
			t.Errorf("%s: error %v, want %v", name, err, record.ErrMalformed)
		}
	}
}
