package statetest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

func testEmpty(t *testing.T, d Disk) {
	s := open(t, d)
	wantNoHead(t, s)
	wantVideos(t, s, []string{"a", "b"}, []*window.Video{nil, nil})
	wantVideos(t, s, nil, nil)
	for _, p := range []likes.Pane{likes.Never, -1, 0, 1, math.MaxInt64} {
		wantRows(t, s, p, "")
	}
}

func testPut(t *testing.T, d Disk) {
	s := open(t, d)
	cat, dog := video(count{7, 3}, count{9, 4}), video(count{9, 1})
	dog.Add(9, window.Count{Likes: 5, Late: 2})
	var b state.Batch
	b.Put("cat", cat, 9)
	b.Put("dog", dog, 9)
	b.SetHead(published(10, 3))
	apply(t, s, &b)

	wantHead(t, s, published(10, 3))
	wantVideos(t, s, []string{"bee", "cat", "cow", "dog", "eel"}, []*window.Video{nil, cat, nil, dog, nil})
	wantRows(t, s, 9, "",
		row{"cat", window.Count{Likes: 4}, 7},
		row{"dog", window.Count{Likes: 6, Late: 2}, 6})
	wantRows(t, s, 7, "") // older than was asked for
	if got := b.Videos(); got != 2 {
		t.Errorf("videos of the batch: got %d, want 2", got)
	}
}

// testPublish publishes more rows than fit into a block, in parts, beside
// panes with few.
func testPublish(t *testing.T, d Disk) {
	s := open(t, d)
	var want []row
	var ids []string
	for i := range 3000 {
		ids = append(ids, fmt.Sprintf("video %04d", 2*i))
	}
	for part := range slices.Chunk(ids, 1100) {
		var b state.Batch
		b.Publish("a cat", video(count{3, 1}), 3)
		for _, id := range part {
			n := uint64(len(want) + 1)
			v := video(count{4, 7}, count{5, n})
			b.Publish(id, v, 5)
			want = append(want, row{id, window.Count{Likes: n}, n + 7})
		}
		b.Publish("a cat", video(count{6, 1}), 6)
		b.SetHead(published(6, 0))
		if b.Size() < 30*len(part) {
			t.Errorf("size of %d videos: %d bytes", len(part), b.Size())
		}
		apply(t, s, &b)
	}
	wantRows(t, s, 5, "", want...)
	wantRows(t, s, 4, "") // a leader's row is that of the pane it publishes
	for i := 0; i < len(ids); i += 7 {
		wantFirst(t, s, 5, ids[i]+" and a half", want[i+1:])
		wantFirst(t, s, 5, ids[i], want[i+1:])
		wantFirst(t, s, 5, fmt.Sprintf("video %04d", 2*i-1), want[i:])
	}
	wantRows(t, s, 5, "z")
	wantRows(t, s, 3, "a", row{"a cat", window.Count{Likes: 1}, 1})
	wantRows(t, s, 6, "a cat")

	var b state.Batch
	b.SetHead(published(5+likes.LongestWindow+1, 0))
	apply(t, s, &b)
	wantRows(t, s, 5, "video 1000")
	wantRows(t, s, 6, "", row{"a cat", window.Count{Likes: 1}, 1})
}

// wantFirst compares the next few rows.
func wantFirst(t fataler, s window.Table, p likes.Pane, after string, want []row) {
	t.Helper()
	rows := s.Pane(p, after)
	for i := range min(3, len(want)) {
		if !rows.Next() || string(rows.Row().ID) != want[i].ID || rows.Row().Count != want[i].Count {
			t.Fatalf("row %d of pane %d after %q: got %+v, want %+v", i, p, after, rows.Row(), want[i])
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// testPublishAfterPut takes over in the middle of a pane: its first videos
// were put by a follower, who put them twice.
func testPublishAfterPut(t *testing.T, d Disk) {
	s := open(t, d)
	one := window.Count{Likes: 1}
	var b state.Batch
	for _, ids := range []string{"ca", "acb", "d"} {
		for _, id := range ids {
			b.Put(string(id), video(count{4, 2}, count{5, 1}), 5)
		}
		b.SetChangelog(1)
		apply(t, s, &b)
	}
	b.Reset()
	for _, id := range "efg" {
		b.Publish(string(id), video(count{5, 1}), 5)
	}
	b.SetHead(published(6, 2))
	apply(t, s, &b)
	want := []row{{"a", one, 3}, {"b", one, 3}, {"c", one, 3}, {"d", one, 3}, {"e", one, 1}, {"f", one, 1}, {"g", one, 1}}
	wantRows(t, s, 5, "", want...)
	for i, r := range want {
		wantRows(t, s, 5, r.ID, want[i+1:]...)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("videos were published in the wrong order")
			}
		}()
		b.Reset()
		b.Publish("b", video(count{7, 1}), 7)
		b.Publish("a", video(count{7, 1}), 7)
	}()
}

func testFollowerPut(t *testing.T, d Disk) {
	s := open(t, d)
	cat := video(count{1, 100}, count{21, 1}, count{25, 2}, count{30, 4})
	var b state.Batch
	b.Put("cat", cat, 22)
	b.SetHead(published(32, 0))
	apply(t, s, &b)
	wantRows(t, s, 1, "")  // forgotten by the video
	wantRows(t, s, 21, "") // older than was asked for
	wantRows(t, s, 25, "", row{"cat", window.Count{Likes: 2}, 103})
	wantRows(t, s, 26, "")
	wantRows(t, s, 30, "", row{"cat", window.Count{Likes: 4}, 107})

	b.Reset()
	b.Put("dog", cat, likes.Never)
	b.SetChangelog(1)
	apply(t, s, &b)
	wantRows(t, s, 21, "", row{"dog", window.Count{Likes: 1}, 101})
}

func testRowOrder(t *testing.T, d Disk) {
	s := open(t, d)
	var b state.Batch
	ids := []string{"b", "", "a", "ab", "a\x00", "a\xff", "aa", "\x00", "\xff\xff", "\xff", "Z"}
	want := []row{}
	for _, id := range []string{"\x00", "Z", "a", "a\x00", "aa", "ab", "a\xff", "b", "\xff", "\xff\xff"} {
		want = append(want, row{id, window.Count{Likes: 1}, 1})
	}
	for _, id := range ids {
		if id == "" {
			continue // no id is empty
		}
		b.Put(id, video(count{5, 1}), 5)
	}
	b.Put("in the pane before", video(count{4, 1}), 4)
	b.Put("in the pane after", video(count{6, 1}), 6)
	b.SetHead(published(6, 0))
	apply(t, s, &b)

	wantRows(t, s, 5, "", want...)
	for i, r := range want {
		wantRows(t, s, 5, r.ID, want[i+1:]...)
	}
	wantRows(t, s, 5, "a\x00\x00", want[4:]...) // after an id that is not there
}

func testNegativePanes(t *testing.T, d Disk) {
	s := open(t, d)
	panes := []likes.Pane{likes.Never + 100, -300, -256, -2, -1, 0, 1, 255, 256, math.MaxInt64 - 1}
	var b state.Batch
	for _, p := range panes {
		b.Put("cat", video(count{p, 1}), p)
	}
	b.SetChangelog(0)
	apply(t, s, &b)
	for _, p := range panes {
		wantRows(t, s, p, "", row{"cat", window.Count{Likes: 1}, 1})
	}
	b.Reset()
	b.SetHead(published(-1+likes.LongestWindow, 0))
	apply(t, s, &b)
	for _, p := range panes {
		if p < -1 {
			wantRows(t, s, p, "")
		} else {
			wantRows(t, s, p, "", row{"cat", window.Count{Likes: 1}, 1})
		}
	}
}

// testOldPanesGo steps through panes, with one jump over a night.
func testOldPanesGo(t *testing.T, d Disk) {
	s := open(t, d)
	one := window.Count{Likes: 1}
	var written []likes.Pane
	for p := likes.Pane(-15); p < 530; p++ {
		if p == 20 {
			p = 500
		}
		var b state.Batch
		b.Put("cat", video(count{p, 1}), p)
		b.SetHead(published(p+1, 0))
		apply(t, s, &b)
		written = append(written, p)
		for _, q := range written {
			if q < p+1-likes.LongestWindow {
				wantRows(t, s, q, "")
			} else {
				wantRows(t, s, q, "", row{"cat", one, 1})
			}
		}
	}
	// A row that comes too late to be kept goes with the batch it is in.
	var b state.Batch
	b.SetHead(published(530, 0))
	b.Put("dog", video(count{510, 1}), likes.Never)
	apply(t, s, &b)
	wantRows(t, s, 510, "")
	wantRows(t, s, 520, "", row{"cat", one, 1})

	// Nothing published keeps everything.
	b.Reset()
	b.Put("dog", video(count{3, 1}), likes.Never)
	b.SetHead(published(likes.Never, 0))
	apply(t, s, &b)
	wantRows(t, s, 3, "", row{"dog", one, 1})
	b.Reset()
	b.SetHead(published(likes.Never+1, 0))
	apply(t, s, &b)
	wantRows(t, s, 3, "", row{"dog", one, 1})
}

// testManyVideos asks for every video, for some far apart, and for some that
// are not there, before, between and after: of a store that has just been
// written, of one that was closed since, and of one with half of both.
func testManyVideos(t *testing.T, d Disk) {
	s := open(t, d)
	var b state.Batch
	var ids []string
	var videos []*window.Video
	for i := range 1000 {
		ids, videos = append(ids, fmt.Sprintf("%04d", i)), append(videos, video(count{1, uint64(i + 1)}))
		b.Put(ids[i], videos[i], 1)
	}
	b.SetHead(published(2, 0))
	apply(t, s, &b)
	wantMany(t, s, ids, videos)

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, d)
	wantMany(t, s, ids, videos)

	b.Reset()
	for i := 0; i < len(ids); i += 2 {
		videos[i] = video(count{1, uint64(i + 1)}, count{30, 7})
		b.Put(ids[i], videos[i], 30)
	}
	b.SetHead(published(31, 0)) // the rows of the first pane go
	apply(t, s, &b)
	wantMany(t, s, ids, videos)
}

func wantMany(t *testing.T, s window.Table, ids []string, videos []*window.Video) {
	t.Helper()
	for _, every := range []int{1, 2, 3, 7, 8, 9, 10, 11, 100, 999} {
		some, want := []string{"\x00", "0"}, []*window.Video{nil, nil}
		for i := 0; i < len(ids); i += every {
			some, want = append(some, ids[i], ids[i]+" no such id"), append(want, videos[i], nil)
		}
		some, want = append(some, "x", "y"), append(want, nil, nil)
		wantVideos(t, s, some, want)
	}
	// Runs of neighbours with gaps between them.
	var runs []string
	var want []*window.Video
	for i := 0; i < len(ids); i += 1 + i/10%2*(i%40) {
		runs, want = append(runs, ids[i]), append(want, videos[i])
	}
	wantVideos(t, s, runs, want)
}
