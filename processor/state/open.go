package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/linxGnu/grocksdb"
)

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
