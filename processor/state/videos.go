package state

import (
	"bytes"
	"fmt"

	"github.com/linxGnu/grocksdb"

	"distributed-counter/processor/window"
)

// Videos is part of [window.Table]. It walks through the keys, since the ids
// ascend: where most of the videos are asked for, a step to the next one costs
// an eighth of a look-up, and elsewhere a seek costs the same. (RocksDB's
// reader of many keys, as grocksdb has it, saves an eighth of a look-up.)
func (r *RocksDB) Videos(ids []string, videos []window.Video) error {
	if r.db == nil {
		return fmt.Errorf("read videos: %w", errClosed)
	}
	w := walk{it: r.db.NewIterator(r.shared.read), patience: maxSteps}
	defer w.it.Close()
	for i, id := range ids {
		r.key = appendVideoKey(r.key[:0], id)
		if i == 0 || id <= ids[i-1] { // a wrong order costs time only
			w.seek(r.key)
		}
		value, err := w.to(r.key)
		if err == nil {
			videos[i], err = parseVideo(id, value)
		}
		if err != nil {
			return fmt.Errorf("read videos: %w", err)
		}
	}
	return nil
}

// walk goes through the keys of a store in ascending order.
type walk struct {
	it  *grocksdb.Iterator
	key []byte // where it stands, in C's memory; nil behind the last key
	err error
	// patience is how many steps are tried before a seek: fewer after each
	// time that they were not enough, more after each time that they were.
	patience int
}

// maxSteps is how many steps cost as much as a seek.
const maxSteps = 8

// to goes to a key that is not before the last one, and returns its value,
// valid until the next call, or nil where it is not there.
func (w *walk) to(key []byte) ([]byte, error) {
	for n := 0; w.key != nil && bytes.Compare(w.key, key) < 0; n++ {
		if n == w.patience {
			w.seek(key)
			w.patience = max(1, w.patience/2)
			break
		}
		w.it.Next()
		w.load()
		if bytes.Equal(w.key, key) {
			w.patience = min(maxSteps, w.patience*2)
		}
	}
	if w.err != nil || !bytes.Equal(w.key, key) {
		return nil, w.err
	}
	return w.it.Value().Data(), nil
}

func (w *walk) seek(key []byte) {
	w.it.Seek(key)
	w.load()
}

func (w *walk) load() {
	w.key = nil
	if w.it.Valid() {
		w.key = w.it.Key().Data()
	} else {
		w.err = classify(w.it.Err())
	}
}
