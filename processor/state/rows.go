package state

import (
	"fmt"

	"github.com/linxGnu/grocksdb"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// rocksRows are the rows of a pane. RocksDB's iterator keeps the content as
// it was when it was made. A step is four calls into C, which grocksdb offers
// no way to join: some 350 ns for a row.
type rocksRows struct {
	store   *RocksDB
	options *grocksdb.ReadOptions // holds the upper bound that C points to
	it      *grocksdb.Iterator    // nil once freed, as soon as it has no more
	started bool
	row     window.Row
	err     error
}

// Pane is part of [window.Table].
func (r *RocksDB) Pane(p likes.Pane, after string) window.Rows {
	if r.db == nil {
		return failedRows{fmt.Errorf("read pane %d: %w", p, errClosed)}
	}
	o := grocksdb.NewDefaultReadOptions()
	o.SetIterateUpperBound(afterPane(nil, p))
	o.SetReadaheadSize(scanReadahead)
	// A pane is read a few times in ten minutes: the cache is for videos.
	o.SetFillCache(false)
	rows := &rocksRows{store: r, options: o, it: r.db.NewIterator(o)}
	r.rows[rows] = struct{}{}
	r.key = afterID(r.key[:0], p, after)
	rows.it.Seek(r.key)
	return rows
}

func (r *rocksRows) Next() bool {
	if r.it == nil || r.err != nil {
		return false
	}
	if r.started {
		r.it.Next()
	}
	r.started = true
	if !r.it.Valid() {
		r.err = classify(r.it.Err())
		r.free(nil) // stepping on from here would be the end of the process
		return false
	}
	r.row, r.err = parseRow(r.it.Key().Data(), r.it.Value().Data())
	return r.err == nil
}

func (r *rocksRows) Row() window.Row { return r.row }

func (r *rocksRows) Close() error {
	r.free(nil)
	if r.err != nil {
		return fmt.Errorf("read pane: %w", r.err)
	}
	return nil
}

// free gives the iterator back, also when the store is closed under it.
func (r *rocksRows) free(why error) {
	if r.it == nil {
		return
	}
	r.it.Close()
	r.options.Destroy()
	r.it, r.row = nil, window.Row{}
	delete(r.store.rows, r)
	if r.err == nil {
		r.err = why
	}
}
