package state_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// changelog is what a leader has written, in memory: a record per offset, some
// of which compaction has taken away since.
type changelog struct {
	records []logged // by offset
}

// logged is a record: of a video, or of a position where there is no id.
type logged struct {
	id       string
	video    window.Video
	position window.Position
	gone     bool
}

// leader publishes panes in parts, as a counter does.
type leader struct {
	log    changelog
	store  state.Store
	videos map[string]window.Video
	pane   likes.Pane
	cursor string
}

var followIDs = []string{"a", "b", "c", "cc", "d", "e", "f"}

// publish is one part: some of the videos behind the cursor, or none.
func (l *leader) publish(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "night") == 0 {
		l.pane, l.cursor = l.pane+20, ""
	}
	var b state.Batch
	last := l.cursor
	for _, id := range followIDs {
		if id <= l.cursor || rapid.IntRange(0, 2).Draw(t, "liked") > 0 {
			continue
		}
		v := l.videos[id]
		v.Add(l.pane, window.Count{Likes: rapid.Uint64Range(1, 9).Draw(t, "likes")})
		l.videos[id] = v
		b.Publish(id, &v, l.pane)
		l.log.records = append(l.log.records, logged{id: id, video: v})
		if last = id; rapid.IntRange(0, 3).Draw(t, "full") == 0 {
			break
		}
	}
	pos := historyHead(0).Position
	pos.Published, pos.Cursor = l.pane, last
	if last == l.cursor || rapid.Bool().Draw(t, "pane ends") {
		l.pane, last = l.pane+1, ""
		pos.Published, pos.Cursor = l.pane, ""
	}
	l.cursor = last
	l.log.records = append(l.log.records, logged{position: pos})
	b.SetHead(state.Head{Position: pos, HasPosition: true, Changelog: int64(len(l.log.records))})
	if err := l.store.Apply(&b); err != nil {
		t.Fatalf("apply: %v", err)
	}
}

// compact takes some of the records away that have a later one of their key.
func (c *changelog) compact(t *rapid.T) {
	seen := map[string]bool{}
	for i := len(c.records) - 1; i >= 0; i-- {
		r := &c.records[i]
		if seen[r.id] && rapid.IntRange(0, 3).Draw(t, "compacted") > 0 {
			r.gone = true
		}
		seen[r.id] = true
	}
}

// follow applies what there is from a store's head on, or only its beginning.
func (c *changelog) follow(t *rapid.T, s state.Store, stop int) {
	head, _, err := s.Head()
	if err != nil {
		t.Fatalf("head: %v", err)
	}
	since := likes.Never
	if rapid.Bool().Draw(t, "the end is known") {
		since = state.Head{HasPosition: true, Position: c.records[len(c.records)-1].position}.FirstKept()
	}
	f := state.Follow(s, head, since, rapid.IntRange(1, 5).Draw(t, "limit"))
	for i := head.Changelog; i < int64(len(c.records)) && err == nil; i++ {
		switch r := &c.records[i]; {
		case i == int64(stop):
			return
		case r.gone:
		case r.id == "":
			err = f.Position(r.position, i+1)
		default:
			err = f.Video([]byte(r.id), &r.video, i+1)
		}
	}
	if err == nil {
		_, _, err = f.End()
	}
	if err != nil {
		t.Fatalf("follow: %v", err)
	}
}

// A store that followed, from nothing or from what it had, through compactions
// and interruptions, equals its leader's; and it can lead in its turn.
func TestFollowerEqualsLeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &leader{store: state.NewMemory(), videos: map[string]window.Video{}, pane: likes.Pane(rapid.IntRange(-15, 5).Draw(t, "first pane"))}
		other := state.Store(state.NewMemory())
		for range rapid.IntRange(1, 6).Draw(t, "terms") {
			for range rapid.IntRange(1, 12).Draw(t, "parts") {
				l.publish(t)
			}
			l.log.compact(t)
			for range rapid.IntRange(0, 2).Draw(t, "interruptions") {
				l.log.follow(t, other, rapid.IntRange(0, len(l.log.records)).Draw(t, "interrupted at"))
			}
			l.log.follow(t, other, -1)
			if got, want := content(t, other, l.pane), content(t, l.store, l.pane); got != want {
				t.Fatalf("followed:\n%s\nled:\n%s", got, want)
			}
			if rapid.Bool().Draw(t, "change places") {
				l.store, other = other, l.store
			}
			if rapid.IntRange(0, 3).Draw(t, "lose one") == 0 {
				other = state.NewMemory()
			}
		}
	})
}

// content is all that a counter may ask a store, up to the pane that is being
// published: its longest window begins nine panes before. Of the tenth, a video
// that is published already has forgotten its count.
func content(t *rapid.T, s state.Store, upTo likes.Pane) string {
	var out bytes.Buffer
	head, _, err := s.Head()
	fmt.Fprintf(&out, "head %+v %v\n", head, err)
	videos := make([]window.Video, len(followIDs))
	err = s.Videos(followIDs, videos)
	fmt.Fprintf(&out, "videos %+v %v\n", videos, err)
	for p := upTo - likes.LongestWindow + 1; p <= upTo; p++ {
		for _, after := range slices.Concat([]string{""}, followIDs) {
			rows := s.Pane(p, after)
			fmt.Fprintf(&out, "pane %d after %q:", p, after)
			for rows.Next() {
				fmt.Fprintf(&out, " %q %v %d", rows.Row().ID, rows.Row().Count, rows.Row().Total)
			}
			fmt.Fprintln(&out, rows.Close())
		}
	}
	return out.String()
}
