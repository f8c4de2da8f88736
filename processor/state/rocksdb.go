package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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

// Open opens the store in a directory, which is made if it is missing; an
// empty one is an empty store. One that was not closed is read whole before it
// is believed, one store at a time. Errors wrap [ErrDamaged], [ErrLocked] or
// what the system says.
func (s *Shared) Open(dir string) (*RocksDB, error) {
	r := &RocksDB{shared: s, dir: dir, rows: map[*rocksRows]struct{}{}}
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = r.openMarked()
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return r, nil
}

// Destroy deletes the store in a directory; that there is none is no error.
// Files that are not a store's stay. The store must not be open: [ErrLocked].
func Destroy(dir string) error {
	m, _, err := takeMark(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		defer m.release()
		// The mark goes last: until then it says what the store was.
		if err = destroy(dir); err == nil {
			err = os.Remove(filepath.Join(dir, markName))
		}
	}
	if err != nil {
		return fmt.Errorf("destroy store %s: %w", dir, err)
	}
	return nil
}

// destroy deletes what is RocksDB's.
func destroy(dir string) error {
	o := grocksdb.NewDefaultOptions()
	defer o.Destroy()
	return classify(grocksdb.DestroyDb(dir, o))
}

// openMarked opens the store as far as its mark lets it.
func (r *RocksDB) openMarked() error {
	m, said, err := takeMark(r.dir)
	if err != nil {
		return err
	}
	r.mark = m
	switch said {
	case markClosed:
		if err = m.set(markOpen); err == nil {
			err = r.open()
		}
	case markChecking:
		err = fmt.Errorf("a process ended while it read it: %w", ErrDamaged)
	default:
		err = r.openChecked()
	}
	if err != nil {
		m.release()
	}
	return err
}

// openChecked opens a store whose process ended while it was open.
func (r *RocksDB) openChecked() error {
	// Should this be the end of the process, only one store is to blame.
	r.shared.checking.Lock()
	defer r.shared.checking.Unlock()
	if err := r.mark.set(markChecking); err != nil {
		return err
	}
	err := r.open()
	if err == nil {
		if err = r.readAll(); err != nil {
			r.release()
		}
	}
	return errors.Join(err, r.mark.set(markOpen))
}

// readAll reads and parses all that RocksDB has on disk.
func (r *RocksDB) readAll() error {
	o := grocksdb.NewDefaultReadOptions()
	defer o.Destroy()
	o.SetFillCache(false)
	o.SetReadaheadSize(scanReadahead)
	o.SetIgnoreRangeDeletions(true) // what is deleted is still read by compactions
	it := r.db.NewIterator(o)
	defer it.Close()
	for it.SeekToFirst(); it.Valid(); it.Next() {
	}
	return classify(it.Err())
}

func (r *RocksDB) open() error {
	broken, err := removeBrokenTables(r.dir)
	if err != nil {
		return err
	}
	db, err := grocksdb.OpenDb(r.shared.options, r.dir)
	if err = classify(err); err != nil && broken != nil {
		return fmt.Errorf("%w, after deleting %w", err, broken)
	} else if err != nil {
		return err
	}
	r.db = db
	_, ok, err := readHead(r.get)
	if err == nil && !ok {
		err = r.checkEmpty()
	}
	if err != nil {
		r.release()
		return err
	}
	r.oldest = oldestPane(ok)
	return nil
}

// checkEmpty is for a store without a head, which must not hold anything.
func (r *RocksDB) checkEmpty() error {
	it := r.db.NewIterator(r.shared.read)
	defer it.Close()
	it.SeekToFirst()
	if it.Valid() {
		return fmt.Errorf("content without a head: %w", ErrDamaged)
	}
	return classify(it.Err())
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
