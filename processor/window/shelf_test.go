package window_test

import (
	"maps"
	"slices"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// shelf is the plainest store that a counter can read from: a map of videos,
// from which the rows of a pane are worked out whenever they are asked for.
type shelf struct {
	videos   map[string]window.Video
	position *window.Position // nil where none was ever applied
	next     int              // changelog offset
}

func newShelf() *shelf { return &shelf{videos: map[string]window.Video{}} }

// put takes over a part and its position, at once.
func (s *shelf) put(part *window.Part) {
	for _, v := range part.Values {
		s.videos[v.ID] = v.Video
	}
	s.position = &part.Position
}

func (s *shelf) Videos(ids []string, videos []window.Video) error {
	for i, id := range ids {
		videos[i] = s.videos[id]
	}
	return nil
}

func (s *shelf) Pane(p likes.Pane, after string) window.Rows {
	r := &shelfRows{}
	for _, id := range slices.Sorted(maps.Keys(s.videos)) {
		v := s.videos[id]
		if c := v.At(p); id > after && c.Likes > 0 {
			r.rest = append(r.rest, window.Row{ID: []byte(id), Count: c, Total: v.TotalAt(p)})
		}
	}
	return r
}

// shelfRows spoils a row once it has been stepped past, as the contract of
// Rows allows.
type shelfRows struct {
	row  window.Row
	rest []window.Row
}

func (r *shelfRows) Next() bool {
	for i := range r.row.ID {
		r.row.ID[i] = 0xff
	}
	if len(r.rest) == 0 {
		return false
	}
	r.row, r.rest = r.rest[0], r.rest[1:]
	return true
}

func (r *shelfRows) Row() window.Row { return r.row }

func (r *shelfRows) Close() error {
	for i := range r.row.ID {
		r.row.ID[i] = 0xff
	}
	return nil
}
