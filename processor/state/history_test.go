package state_test

import (
	"errors"
	"fmt"
	"time"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// A history is what a leader of ten videos does, one pane per batch: after
// batch n the whole content of the store follows from n, which is its
// changelog offset. So a store that lost some batches can be checked against
// what it says it has.

const historyVideos = 10

func historyID(i int) string { return fmt.Sprintf("video-%02d", i) }

// historyLikes are the likes of video i in pane n; a third of them is none.
func historyLikes(i, n int) uint64 { return uint64((i*7 + n) % 3 * (1 + n%50)) }

// historyVideo is video i after batch n, the first being 1.
func historyVideo(i, n int) *window.Video {
	v := new(window.Video)
	for p := 1; p <= n; p++ {
		if c := historyLikes(i, p); c > 0 {
			v.Add(likes.Pane(p), window.Count{Likes: c})
		}
	}
	return v
}

func historyHead(n int) state.Head {
	return state.Head{
		HasPosition: true,
		Changelog:   int64(n),
		Position: window.Position{
			Identity:  window.Identity{Group: "g", Pane: time.Minute},
			Published: likes.Pane(n + 1),
			Replay:    int64(n) * 3,
		},
	}
}

// writeHistory applies batches from+1 to to.
func writeHistory(s state.Store, from, to int) error {
	var b state.Batch
	videos := make([]*window.Video, historyVideos)
	for i := range videos {
		videos[i] = historyVideo(i, from)
	}
	for n := from + 1; n <= to; n++ {
		b.Reset()
		for i, v := range videos {
			if c := historyLikes(i, n); c > 0 {
				v.Add(likes.Pane(n), window.Count{Likes: c})
				b.Publish(historyID(i), v, likes.Pane(n))
			}
		}
		b.SetHead(historyHead(n))
		if err := s.Apply(&b); err != nil {
			return err
		}
	}
	return nil
}

// readHistory reads everything and returns how many batches the store has, or
// an error where it does not have exactly these.
func readHistory(s state.Store) (int, error) {
	h, _, err := s.Head()
	if err != nil {
		return 0, err
	}
	n := int(h.Changelog)
	ids, videos := make([]string, historyVideos), make([]window.Video, historyVideos)
	for i := range ids {
		ids[i] = historyID(i)
	}
	if err := s.Videos(ids, videos); err != nil {
		return 0, err
	}
	for i := range ids {
		if want := *historyVideo(i, n); videos[i] != want {
			return 0, fmt.Errorf("video %d after batch %d: got %+v, want %+v", i, n, videos[i], want)
		}
	}
	for p := n - 30; p <= n+30; p++ {
		if err := readHistoryPane(s, p, n); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func readHistoryPane(s state.Store, p, n int) (err error) {
	rows := s.Pane(likes.Pane(p), "")
	defer func() { err = errors.Join(err, rows.Close()) }()
	for i := range historyVideos {
		c := historyLikes(i, p)
		if p < 1 || p > n || p < n+1-likes.LongestWindow || c == 0 {
			continue
		}
		v := historyVideo(i, p)
		if !rows.Next() {
			return fmt.Errorf("pane %d after batch %d ends before video %d", p, n, i)
		}
		if r := rows.Row(); string(r.ID) != historyID(i) || r.Count.Likes != c || r.Total != v.Total {
			return fmt.Errorf("pane %d after batch %d: got %+v for video %d", p, n, r, i)
		}
	}
	if rows.Next() {
		return fmt.Errorf("pane %d after batch %d has a row too many: %+v", p, n, rows.Row())
	}
	return nil
}
