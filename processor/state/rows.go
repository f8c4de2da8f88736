package state

import (
	"fmt"

	"github.com/linxGnu/grocksdb"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// rocksRows are the rows of a pane. RocksDB's iterator keeps the content as
// it was when it was made. To step to the next block is four calls into C,
// which grocksdb offers no way to join: some 350 ns.
type rocksRows struct {
	store   *RocksDB
	options *grocksdb.ReadOptions // holds the bounds that C points to
	it      *grocksdb.Iterator    // nil once freed, as soon as it has no more
	started bool                  // at what follows: the iterator stands at a block that was begun
	block   blockReader
	err     error
}

// Pane is part of [window.Table].
func (r *RocksDB) Pane(p likes.Pane, after string) window.Rows {
	if r.db == nil {
		return failedRows{fmt.Errorf("read pane %d: %w", p, errClosed)}
	}
	o := grocksdb.NewDefaultReadOptions()
	o.SetIterateLowerBound(appendRowKey(nil, p, ""))
	o.SetIterateUpperBound(afterPane(nil, p))
	o.SetReadaheadSize(scanReadahead)
	// A pane is read a few times in ten minutes: the cache is for videos.
	o.SetFillCache(false)
	rows := &rocksRows{store: r, options: o, it: r.db.NewIterator(o)}
	r.rows[rows] = struct{}{}
	if after == "" {
		rows.it.SeekToFirst()
	} else {
		r.key = appendRowKey(r.key[:0], p, after)
		rows.skipTo(r.key, after)
	}
	return rows
}

// skipTo goes behind the rows with ids up to after. The last of them, and the
// next, may lie in the block that begins before.
func (r *rocksRows) skipTo(key []byte, after string) {
	r.it.SeekForPrev(key)
	if !r.it.Valid() {
		if r.err = classify(r.it.Err()); r.err == nil {
			r.it.SeekToFirst()
		}
		return
	}
	r.err = r.block.skip(r.it.Key().Data(), r.it.Value().Data(), after)
	r.started = true
}

func (r *rocksRows) Next() bool {
	switch {
	case r.it == nil || r.err != nil:
		return false
	case r.block.more():
		r.err = r.block.next()
		return r.err == nil
	case r.started:
		r.it.Next()
	}
	r.started = true
	if !r.it.Valid() {
		r.err = classify(r.it.Err())
		r.free(nil) // stepping on from here would be the end of the process
		return false
	}
	r.err = r.block.begin(r.it.Key().Data(), r.it.Value().Data())
	return r.err == nil
}

func (r *rocksRows) Row() window.Row { return r.block.row }

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
	r.it, r.block = nil, blockReader{}
	delete(r.store.rows, r)
	if r.err == nil {
		r.err = why
	}
}
