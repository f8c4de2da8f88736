package state

import (
	"fmt"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// Follower brings a store to what a changelog says, record by record and many
// at once. Until the last batch the store keeps the position that it had: it
// says which rows were published into it, and which it may still lack. For a
// changelog is compacted, and a video's last record may be the only one to
// tell of panes that were published long before that record. So whoever is
// interrupted begins with the same knowledge again.
type Follower struct {
	store   Store
	had     Head // at the beginning
	head    Head // as of what was seen
	since   likes.Pane
	limit   int
	batch   Batch
	pending int // records in the batch
	applied int
}

// Follow begins to follow from a store's head on. Rows of panes before since
// are left out; [likes.Never] takes all. Limit is how many records are applied
// at once, at least 1.
func Follow(s Store, head Head, since likes.Pane, limit int) *Follower {
	return &Follower{store: s, had: head, head: head, since: since, limit: limit}
}

// Video takes over a video's record; next is the offset after it.
func (f *Follower) Video(id []byte, v *window.Video, next int64) error {
	if err := f.room(); err != nil {
		return err
	}
	since := f.since
	if f.had.HasPosition {
		since = max(since, f.had.Position.Unpublished(id))
	}
	f.batch.Put(string(id), v, since)
	f.head.Changelog = next
	return nil
}

// Position takes over a position's record; next is the offset after it.
func (f *Follower) Position(pos window.Position, next int64) error {
	if err := f.room(); err != nil {
		return err
	}
	f.head = Head{Position: pos, HasPosition: true, Changelog: next}
	return nil
}

// End applies what is left, and is the store's head, and how many records led
// to it.
func (f *Follower) End() (Head, int, error) {
	if f.pending > 0 {
		f.batch.SetHead(f.head)
		if err := f.apply(); err != nil {
			return Head{}, 0, err
		}
	}
	return f.head, f.applied, nil
}

// room applies the batch if it is full, and counts the record that comes. It
// is called before a record is taken over, so that there is one left for the
// last batch, which brings the position.
func (f *Follower) room() error {
	if f.pending == f.limit {
		f.batch.SetChangelog(f.head.Changelog)
		if err := f.apply(); err != nil {
			return err
		}
	}
	f.pending++
	return nil
}

func (f *Follower) apply() error {
	if err := f.store.Apply(&f.batch); err != nil {
		return fmt.Errorf("follow changelog: %w", err)
	}
	f.batch.Reset()
	f.applied += f.pending
	f.pending = 0
	return nil
}
