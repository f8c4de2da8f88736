package state

import (
	"errors"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// Store is the published state of one log partition. It is used by one
// goroutine. Except where RocksDB itself is at fault (a full disk, say), an
// error wraps [ErrDamaged] or comes of a call after Close.
type Store interface {
	// The rows of a pane are read from the state as it was when Pane was
	// called. They must be closed before the store is.
	window.Table
	// Head is the head of the last batch; false where nothing was ever
	// applied, or all of it was wiped.
	Head() (Head, bool, error)
	// Apply writes a batch: all of it or, at an error or a crash, nothing. It
	// may wait while RocksDB catches up with its compactions. It panics at a
	// batch without a head. The batch may be reset and used again after it.
	Apply(b *Batch) error
	// Wipe deletes everything. After an error the store is closed, and what
	// is left in its place is empty or damaged, never a part that looks whole.
	Wipe() error
	// Close writes to disk what only memory holds, and frees everything, also
	// when it returns an error. Nothing may be called after it.
	Close() error
}

// Head is what a store's content corresponds to: how far its partition was
// published, and where reading the changelog goes on.
type Head struct {
	Position    window.Position // meaningful where HasPosition
	HasPosition bool
	// Changelog is the offset after the last changelog record that the
	// content includes; at least 0.
	Changelog int64
}

// FirstKept is the oldest pane whose rows a store with this head keeps: the
// last ten published panes and those after them. [likes.Never] keeps all.
func (h Head) FirstKept() likes.Pane {
	if !h.HasPosition || h.Position.Published < likes.Never+likes.LongestWindow {
		return likes.Never
	}
	return h.Position.Published - likes.LongestWindow
}

var (
	// ErrDamaged means that a store cannot be used as it is: files missing or
	// garbled, or the layout of another version. [Destroy] it, then restore.
	ErrDamaged = errors.New("damaged store")
	// ErrLocked means that a store is open already, here or in another
	// process. It may be free a moment later.
	ErrLocked = errors.New("store is open elsewhere")

	errClosed = errors.New("store is closed")
)

// failedRows are the rows of a pane that could not be read at all.
type failedRows struct{ err error }

func (f failedRows) Next() bool      { return false }
func (f failedRows) Row() window.Row { return window.Row{} }
func (f failedRows) Close() error    { return f.err }
