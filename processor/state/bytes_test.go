package state_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

var rewrite = flag.Bool("rewrite", false, "write the files in testdata anew")

// goldenBatch has every kind of record, and every key.
func goldenBatch() *state.Batch {
	var b state.Batch
	var v window.Video
	v.Add(-2, window.Count{Likes: 300, Late: 299})
	v.Add(3, window.Count{Likes: 1})
	b.Put("katze", &v, likes.Never)
	b.SetHead(state.Head{
		HasPosition: true,
		Changelog:   1000,
		Position: window.Position{
			Identity:  window.Identity{Group: "g", Pane: time.Minute, From: window.TopicID{1}, To: window.TopicID{2}},
			Published: 9,
			Replay:    77,
			At:        window.Progress{Frontier: 10, Marks: []window.Mark{{Known: true, Watermark: 600_000, Next: 5}}},
		},
	})
	return &b
}

// The bytes are on people's disks: another layout is another version.
func TestGoldenBatch(t *testing.T) {
	withoutPosition := new(state.Batch)
	withoutPosition.SetHead(state.Head{Changelog: 5})
	for name, b := range map[string]*state.Batch{"batch": goldenBatch(), "batch-without-position": withoutPosition} {
		path := filepath.Join("testdata", name+".hex")
		got := hex.Dump(state.Seal(b, -5))
		if *rewrite {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%swant\n%s", path, got, want)
		}
	}
}

// Invariants: no bytes make the decoder panic; what it accepts is what is
// encoded from the changes that it found.
func FuzzBatch(f *testing.F) {
	f.Add(state.Seal(goldenBatch(), -5))
	f.Add([]byte{})
	f.Add(make([]byte, 12))
	f.Add(append(make([]byte, 8), 0xff, 0xff, 0xff, 0xff, 1, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, rep []byte) {
		changes, err := state.ParseBatch(rep)
		if err != nil {
			return
		}
		again := binary.LittleEndian.AppendUint32(bytes.Clone(rep[:8]), uint32(len(changes)))
		for _, c := range changes {
			again = state.AppendChange(again, c)
		}
		found, err := state.ParseBatch(again)
		if err != nil || !slices.Equal(found, changes) {
			t.Errorf("%x: got %v, %v, want %v", rep, found, err, changes)
		}
	})
}

// Invariants: no content of a store makes a reader panic; what is refused is
// damaged; what is accepted is sound.
func FuzzContent(f *testing.F) {
	f.Add([]byte("r12345678cat"), []byte{3, 1, 9})
	f.Add([]byte("r12345678"), []byte{})
	f.Add([]byte("c"), []byte{1, 200, 7})
	f.Add([]byte("c"), []byte{2, 1})
	f.Add([]byte("c"), []byte{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		r, row := state.ParseRow(key, value)
		if row == nil && (len(r.ID) == 0 || r.Count.Likes == 0 || r.Count.Late > r.Count.Likes || r.Total < r.Count.Likes) {
			t.Errorf("row %q %x: got %+v", key, value, r)
		}
		_, video := state.ParseVideo(string(key), value)
		h, ok, head := state.ReadHead(func([]byte) ([]byte, error) { return value, nil })
		if head == nil && (!ok || h.Changelog < 0) {
			t.Errorf("head %x: got %+v, %v", value, h, ok)
		}
		for _, err := range []error{row, video, head} {
			if err != nil && !errors.Is(err, state.ErrDamaged) {
				t.Errorf("%q %x: %v is not ErrDamaged", key, value, err)
			}
		}
	})
}

func TestOtherVersion(t *testing.T) {
	_, _, err := state.ReadHead(func([]byte) ([]byte, error) { return []byte{2, 0}, nil })
	if !errors.Is(err, state.ErrDamaged) || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("got %v", err)
	}
}

// The order of the keys is the order of panes, and of ids in a pane.
func TestRowKeysKeepOrder(t *testing.T) {
	pane := rapid.Map(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})),
		func(p int64) likes.Pane { return likes.Pane(p) })
	id := rapid.StringN(1, -1, likes.MaxVideoID)
	rapid.Check(t, func(t *rapid.T) {
		p, q, a, b := pane.Draw(t, "p"), pane.Draw(t, "q"), id.Draw(t, "a"), id.Draw(t, "b")
		x, y := state.AppendRowKey(nil, p, a), state.AppendRowKey(nil, q, b)
		want := 0
		switch {
		case p < q || p == q && a < b:
			want = -1
		case p > q || a > b:
			want = 1
		}
		if got := bytes.Compare(x, y); got != want {
			t.Errorf("(%d, %q) against (%d, %q): got %d, want %d", p, a, q, b, got, want)
		}
		if got, want := bytes.Compare(y, state.AfterPane(nil, p)) < 0, q <= p; got != want {
			t.Errorf("(%d, %q) before what comes after pane %d: got %v, want %v", q, b, p, got, want)
		}
		if got, want := bytes.Compare(y, state.AfterID(nil, p, a)) >= 0, want < 0; got != want {
			t.Errorf("(%d, %q) after (%d, %q): got %v, want %v", q, b, p, a, got, want)
		}
	})
}

// Rows written are rows read.
func TestRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Min(1).Draw(t, "likes")
		c := window.Count{Likes: n, Late: rapid.Uint64Max(n).Draw(t, "late")}
		total := rapid.Uint64Min(n).Draw(t, "total")
		r, err := state.ParseRow(state.AppendRowKey(nil, 5, "cat"), state.AppendRow(nil, c, total))
		if err != nil || string(r.ID) != "cat" || r.Count != c || r.Total != total {
			t.Errorf("%+v of %d: got %+v, %v", c, total, r, err)
		}
	})
}
