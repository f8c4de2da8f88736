package statetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func open(t *testing.T, d Disk) state.Store {
	t.Helper()
	s, err := d.Open()
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { s.Close() }) // an error where the test closed it
	return s
}

func apply(t fataler, s state.Store, b *state.Batch) {
	t.Helper()
	if err := s.Apply(b); err != nil {
		t.Fatalf("apply: %v", err)
	}
}

// count is the likes of one pane, none of them late.
type count struct {
	pane  likes.Pane
	likes uint64
}

// video has the counts, given from the oldest pane to the newest.
func video(counts ...count) *window.Video {
	v := new(window.Video)
	for _, c := range counts {
		v.Add(c.pane, window.Count{Likes: c.likes})
	}
	return v
}

// published is a head whose position has this pane published up to.
func published(p likes.Pane, changelog int64) state.Head {
	return state.Head{
		HasPosition: true,
		Changelog:   changelog,
		Position: window.Position{
			Identity:  window.Identity{Group: "counter", Pane: time.Minute, From: window.TopicID{1}, To: window.TopicID{15: 2}},
			Published: p,
			Cursor:    "cat",
			Replay:    1234,
			At: window.Progress{
				Frontier: p + 1,
				Marks:    []window.Mark{{Known: true, Watermark: -1, Next: 9}, {}, {Known: true, Watermark: 1 << 40}},
			},
		},
	}
}

// row is a window.Row that lasts.
type row struct {
	ID    string
	Count window.Count
	Total uint64
}

func readRows(t fataler, s window.Table, p likes.Pane, after string) []row {
	t.Helper()
	rows := s.Pane(p, after)
	got := []row{}
	for rows.Next() {
		r := rows.Row()
		got = append(got, row{string(r.ID), r.Count, r.Total})
	}
	if rows.Next() {
		t.Fatalf("rows of pane %d after %q go on after their end", p, after)
	}
	if err := rows.Close(); err != nil {
		t.Fatalf("rows of pane %d after %q: %v", p, after, err)
	}
	return got
}

func wantRows(t fataler, s window.Table, p likes.Pane, after string, want ...row) {
	t.Helper()
	if want == nil {
		want = []row{}
	}
	if diff := cmp.Diff(want, readRows(t, s, p, after)); diff != "" {
		t.Fatalf("rows of pane %d after %q (-want +got):\n%s", p, after, diff)
	}
}

// wantVideos compares videos, nil being one that was never published, given
// in the order of their ids.
func wantVideos(t fataler, s window.Table, ids []string, want []*window.Video) {
	t.Helper()
	got := make([]window.Video, len(ids))
	for i := range got {
		got[i].Add(99, window.Count{Likes: 99}) // to be overwritten
	}
	if err := s.Videos(ids, got); err != nil {
		t.Fatalf("videos: %v", err)
	}
	for i, id := range ids {
		if want[i] == nil {
			want[i] = new(window.Video)
		}
		if got[i] != *want[i] {
			t.Fatalf("video %q: got %+v, want %+v", id, got[i], *want[i])
		}
	}
}

func wantHead(t fataler, s state.Store, want state.Head) {
	t.Helper()
	got, ok, err := s.Head()
	if err != nil || !ok {
		t.Fatalf("head: got %v, %v", ok, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("head (-want +got):\n%s", diff)
	}
}

func wantNoHead(t fataler, s state.Store) {
	t.Helper()
	if h, ok, err := s.Head(); ok || err != nil {
		t.Fatalf("head of an empty store: got %+v, %v, %v", h, ok, err)
	}
}
