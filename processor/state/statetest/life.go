package statetest

import (
	"errors"
	"fmt"
	"testing"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

func testHead(t *testing.T, d Disk) {
	s := open(t, d)
	var b state.Batch
	steps := []struct {
		name string
		set  func()
		want state.Head
	}{
		{"an offset alone", func() { b.SetChangelog(7) }, state.Head{Changelog: 7}},
		{"a position", func() { b.SetHead(published(3, 8)) }, published(3, 8)},
		{"the offset moves on", func() { b.SetChangelog(9) }, published(3, 9)},
		{"the last call counts", func() { b.SetChangelog(1); b.SetHead(published(4, 10)) }, published(4, 10)},
		{"the last call counts, an offset", func() { b.SetHead(published(5, 1)); b.SetChangelog(11) }, published(4, 11)},
		{"nothing published", func() { b.SetHead(published(likes.Never, 12)) }, published(likes.Never, 12)},
		{"no position", func() { b.SetHead(state.Head{Changelog: 13}) }, state.Head{Changelog: 13}},
		{"the greatest offset", func() { b.SetChangelog(1<<63 - 1) }, state.Head{Changelog: 1<<63 - 1}},
		{"the least offset", func() { b.SetChangelog(0) }, state.Head{Changelog: 0}},
	}
	for _, step := range steps {
		b.Reset()
		step.set()
		apply(t, s, &b)
		t.Log(step.name)
		wantHead(t, s, step.want)
	}
}

func testAtomic(t *testing.T, d Disk) {
	s := open(t, d)
	var b state.Batch
	b.Put("cat", video(count{1, 1}), 1)
	b.SetHead(published(2, 1))
	wantNoHead(t, s) // nothing before it is applied
	wantRows(t, s, 1, "")
	apply(t, s, &b)
	// Applied again, as after an error, it is the same; and one that goes on
	// being filled has all of it.
	apply(t, s, &b)
	b.Put("dog", video(count{1, 2}), 1)
	apply(t, s, &b)
	wantRows(t, s, 1, "",
		row{"cat", window.Count{Likes: 1}, 1},
		row{"dog", window.Count{Likes: 2}, 2})
	wantHead(t, s, published(2, 1))

	func() {
		defer func() {
			if recover() == nil {
				t.Error("a batch without a head was applied")
			}
		}()
		b.Reset()
		b.Put("eel", video(count{1, 2}), 1)
		s.Apply(&b)
	}()
	wantVideos(t, s, []string{"eel"}, []*window.Video{nil})
}

func testLastPut(t *testing.T, d Disk) {
	s := open(t, d)
	first, second := video(count{1, 1}), video(count{1, 1}, count{2, 5})
	var b state.Batch
	b.Put("cat", first, likes.Never)
	b.Put("cat", second, likes.Never)
	b.SetChangelog(2)
	apply(t, s, &b)
	wantVideos(t, s, []string{"cat"}, []*window.Video{second})
	wantRows(t, s, 1, "", row{"cat", window.Count{Likes: 1}, 1})
	wantRows(t, s, 2, "", row{"cat", window.Count{Likes: 5}, 6})
}

func testSnapshot(t *testing.T, d Disk) {
	s := open(t, d)
	var b state.Batch
	for i := range 5 {
		b.Put(fmt.Sprint(i), video(count{1, 1}), 1)
	}
	b.SetHead(published(2, 0))
	apply(t, s, &b)
	rows := s.Pane(1, "0")
	if !rows.Next() || string(rows.Row().ID) != "1" {
		t.Fatalf("first row: got %+v", rows.Row())
	}
	b.Reset()
	b.Put("15", video(count{1, 1}), 1)
	b.SetHead(published(100, 1))
	apply(t, s, &b)
	got := ""
	for rows.Next() {
		got += string(rows.Row().ID) + " "
	}
	if err := rows.Close(); err != nil || got != "2 3 4 " {
		t.Errorf("rows that were open: got %q, %v", got, err)
	}
	wantRows(t, s, 1, "")
}

func testEveryByte(t *testing.T, d Disk) {
	s := open(t, d)
	var b state.Batch
	var ids []string
	var want []*window.Video
	var rows []row
	for i := range 256 {
		id := string([]byte{byte(i), 'x', byte(i)})
		v := video(count{1, uint64(i + 1)})
		ids, want = append(ids, id), append(want, v)
		rows = append(rows, row{id, window.Count{Likes: uint64(i + 1)}, uint64(i + 1)})
		b.Put(id, v, 1)
	}
	b.SetHead(published(2, 0))
	apply(t, s, &b)
	wantVideos(t, s, ids, want)
	wantRows(t, s, 1, "", rows...)
}

func testReopen(t *testing.T, d Disk) {
	cat := video(count{1, 1}, count{2, 5})
	s := open(t, d)
	var b state.Batch
	b.Put("cat", cat, likes.Never)
	b.SetHead(published(3, 1))
	apply(t, s, &b)
	for range 3 {
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		s = open(t, d)
		wantHead(t, s, published(3, 1))
		wantVideos(t, s, []string{"cat"}, []*window.Video{cat})
		wantRows(t, s, 2, "", row{"cat", window.Count{Likes: 5}, 6})
	}
	b.Reset()
	b.SetHead(published(12, 1))
	apply(t, s, &b)
	wantRows(t, s, 1, "")
	wantRows(t, s, 2, "", row{"cat", window.Count{Likes: 5}, 6})
}

func testWipe(t *testing.T, d Disk) {
	s := open(t, d)
	var b state.Batch
	for round := range 3 {
		b.Reset()
		b.Put("cat", video(count{1, 1}), 1)
		b.SetHead(published(2, int64(round)))
		apply(t, s, &b)
		wantHead(t, s, published(2, int64(round)))
		if round == 1 { // also what is on disk
			if err := s.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
			s = open(t, d)
		}
		if err := s.Wipe(); err != nil {
			t.Fatalf("wipe: %v", err)
		}
		testEmptyStore(t, s)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	testEmptyStore(t, open(t, d))
}

func testEmptyStore(t *testing.T, s state.Store) {
	t.Helper()
	wantNoHead(t, s)
	wantRows(t, s, 1, "")
	wantVideos(t, s, []string{"cat"}, []*window.Video{nil})
}

func testLocked(t *testing.T, d Disk) {
	s := open(t, d)
	if _, err := d.Open(); !errors.Is(err, state.ErrLocked) || errors.Is(err, state.ErrDamaged) {
		t.Errorf("second open: got %v, want ErrLocked", err)
	}
	if err := d.Destroy(); !errors.Is(err, state.ErrLocked) {
		t.Errorf("destroy while open: got %v, want ErrLocked", err)
	}
	var b state.Batch
	b.SetChangelog(3)
	apply(t, s, &b)
	wantHead(t, s, state.Head{Changelog: 3})
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	wantHead(t, open(t, d), state.Head{Changelog: 3})
}

func testClosed(t *testing.T, d Disk) {
	s := open(t, d)
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	var b state.Batch
	b.SetChangelog(3)
	_, _, head := s.Head()
	calls := map[string]error{
		"head":   head,
		"apply":  s.Apply(&b),
		"wipe":   s.Wipe(),
		"videos": s.Videos([]string{"cat"}, make([]window.Video, 1)),
		"pane":   s.Pane(1, "").Close(),
		"close":  s.Close(),
	}
	for call, err := range calls {
		if err == nil || errors.Is(err, state.ErrDamaged) {
			t.Errorf("%s after close: got %v, want an error", call, err)
		}
	}
	wantNoHead(t, open(t, d))
}

func testDestroy(t *testing.T, d Disk) {
	if err := d.Destroy(); err != nil {
		t.Errorf("destroy of nothing: %v", err)
	}
	s := open(t, d)
	var b state.Batch
	b.Put("cat", video(count{1, 1}), 1)
	b.SetChangelog(3)
	apply(t, s, &b)
	if err := s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if err := d.Destroy(); err != nil {
		t.Fatalf("destroy: %v", err)
	}
	testEmptyStore(t, open(t, d))
}
