package state_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
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
	b.Publish("katze", &v, 3)
	b.Publish("kuh", &v, 3)
	b.Publish("ameise", &v, -2)
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
	f.Add([]byte("r12345678cat"), []byte{3, 1, 9, 1, 'd', 1, 0, 1})
	f.Add([]byte("r12345678cat"), []byte{3, 1, 9, 1, 'a', 1, 0, 1})
	f.Add([]byte("r12345678"), []byte{})
	f.Add([]byte("c"), []byte{2, 200, 7})
	f.Add([]byte("c"), []byte{1, 1})
	f.Add([]byte("c"), []byte{2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		rows, row := state.ParseRows(key, value)
		for i, r := range rows {
			if len(r.ID) == 0 || r.Count.Likes == 0 || r.Count.Late > r.Count.Likes || r.Total < r.Count.Likes ||
				i > 0 && bytes.Compare(rows[i-1].ID, r.ID) >= 0 {
				t.Errorf("row %d of %q %x: got %+v", i, key, value, r)
			}
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
	_, _, err := state.ReadHead(func([]byte) ([]byte, error) { return []byte{1, 0}, nil })
	if !errors.Is(err, state.ErrDamaged) || !strings.Contains(err.Error(), "version 1") {
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

// Rows written are rows read; those after an id are all of them.
func TestBlock(t *testing.T) {
	id := rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, 2), func(b []byte) string { return string(b) })
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(id, 1, 20, rapid.ID).Draw(t, "ids")
		slices.Sort(ids)
		key, value := state.AppendRowKey(nil, 5, ids[0]), []byte(nil)
		var want []string
		for i, id := range ids {
			n := rapid.Uint64Min(1).Draw(t, "likes")
			c := window.Count{Likes: n, Late: rapid.Uint64Max(n).Draw(t, "late")}
			total := rapid.Uint64Min(n).Draw(t, "total")
			if i == 0 {
				value = state.AppendRow(value, c, total)
			} else {
				value = state.AppendNextRow(value, id, c, total)
			}
			want = append(want, fmt.Sprintf("%q %v %d", id, c, total))
		}
		rows, err := state.ParseRows(key, value)
		var got []string
		for _, r := range rows {
			got = append(got, fmt.Sprintf("%q %v %d", r.ID, r.Count, r.Total))
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
		after := max(ids[0], id.Draw(t, "after"))
		rest, _ := slices.BinarySearch(ids, after+"\x00")
		if n, err := state.SkipRows(key, value, after); n != len(ids)-rest || err != nil {
			t.Errorf("rows of %q after %q: got %d, %v, want %d", ids, after, n, err, len(ids)-rest)
		}
	})
}
