package state

import (
	"fmt"
	"strings"

	"github.com/linxGnu/grocksdb"

	"distributed-counter/likes"
)

// RocksDB is a [Store] in a directory. It is made by [Shared.Open].
type RocksDB struct {
	shared *Shared
	dir    string
	mark   *mark        // held while db is open
	db     *grocksdb.DB // nil once closed
	oldest likes.Pane   // no older pane has rows
	rows   map[*rocksRows]struct{}
	key    []byte
}

// release closes without flushing.
func (r *RocksDB) release() {
	for rows := range r.rows {
		rows.free(errClosed)
	}
	r.db.Close()
	r.db = nil
}

// get is a copy of the value of a key, nil where it is not there.
func (r *RocksDB) get(key []byte) ([]byte, error) {
	value, err := r.db.GetBytes(r.shared.read, key)
	return value, classify(err)
}

// Head is part of [Store].
func (r *RocksDB) Head() (Head, bool, error) {
	if r.db == nil {
		return Head{}, false, fmt.Errorf("read head: %w", errClosed)
	}
	h, ok, err := readHead(r.get)
	if err != nil {
		return Head{}, false, fmt.Errorf("read head: %w", err)
	}
	return h, ok, nil
}

// Apply is part of [Store].
func (r *RocksDB) Apply(b *Batch) error {
	rep, oldest := b.seal(r.oldest)
	if r.db == nil {
		return fmt.Errorf("apply batch: %w", errClosed)
	}
	batch := grocksdb.WriteBatchFrom(rep)
	defer batch.Destroy()
	if err := classify(r.db.Write(r.shared.write, batch)); err != nil {
		return fmt.Errorf("apply batch of %d videos: %w", b.videos, err)
	}
	r.oldest = oldest
	return nil
}

// Wipe is part of [Store].
func (r *RocksDB) Wipe() error {
	if r.db == nil {
		return fmt.Errorf("wipe store: %w", errClosed)
	}
	r.release()
	err := destroy(r.dir)
	if err == nil {
		err = r.open()
	}
	if err != nil {
		r.mark.release()
		return fmt.Errorf("wipe store: %w", err)
	}
	return nil
}

// Close is part of [Store].
func (r *RocksDB) Close() error {
	if r.db == nil {
		return fmt.Errorf("close store: %w", errClosed)
	}
	err := classify(r.db.Flush(r.shared.flush))
	r.release()
	if err == nil {
		err = r.mark.set(markClosed)
	}
	r.mark.release()
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// classify makes of an error of RocksDB, of which C knows only the text, one
// that callers can tell apart.
func classify(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	kind := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(text, p) {
				return true
			}
		}
		return false
	}
	switch {
	case kind("IO error: lock ", "IO error: While lock file"):
		return fmt.Errorf("%w: %w", ErrLocked, err)
	case kind("Corruption", "Invalid argument", "Not implemented", "NotFound"),
		// A file that should be there is not.
		kind("IO error") && strings.Contains(text, "No such file or directory"):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
