package state

import (
	"bytes"
	"fmt"

	"github.com/linxGnu/grocksdb"

	"distributed-counter/processor/window"
)

// Videos is part of [window.Table]. The ids ascend. Where most of a store's
// videos are asked for, it steps from key to key, which costs a fifth or less of
// looking one up; elsewhere it looks up each. Which of both it is shows as it
// goes.
func (r *RocksDB) Videos(ids []string, videos []window.Video) error {
	if r.db == nil {
		return fmt.Errorf("read videos: %w", errClosed)
	}
	w := walk{store: r, pause: minPause}
	if len(ids) <= minPause {
		w.resting = len(ids) // too few to find out
	}
	defer w.close()
	for i, id := range ids {
		if i > 0 && id <= ids[i-1] { // a wrong order costs time only
			w.stands = false
		}
		r.key = appendVideoKey(r.key[:0], id)
		var err error
		if videos[i], err = w.video(id, r.key); err != nil {
			return fmt.Errorf("read videos: %w", err)
		}
	}
	return nil
}

// walk finds keys of a store in ascending order, by steps while that is worth
// it.
type walk struct {
	store  *RocksDB
	it     *grocksdb.Iterator // nil before it is needed
	stands bool               // it stands at key
	key    []byte             // in C's memory; nil behind the last key
	// pause is how many videos are looked up after steps have led nowhere,
	// before steps are tried again; resting is what is left of that.
	pause, resting int
}

const (
	// maxSteps is how many steps cost about as much as a look-up.
	maxSteps = 8
	// Steps that lead nowhere cost as much as two or three look-ups: less and
	// less of a pause.
	minPause, maxPause = 16, 512
)

// video reads what is at a key, which is not before the last one unless stands
// has been taken back.
func (w *walk) video(id string, key []byte) (window.Video, error) {
	if w.resting > 0 {
		w.resting--
		return w.store.video(id, key)
	}
	if !w.stands {
		if err := w.seek(key); err != nil {
			return window.Video{}, err
		}
	}
	n := 0
	for ; w.key != nil && bytes.Compare(w.key, key) < 0; n++ {
		if n == maxSteps {
			w.stands, w.resting = false, w.pause
			w.pause = min(maxPause, 2*w.pause)
			return w.store.video(id, key)
		}
		w.it.Next()
		if err := w.load(); err != nil {
			return window.Video{}, err
		}
	}
	if !bytes.Equal(w.key, key) {
		return parseVideo(id, nil)
	}
	if n > 0 {
		w.pause = minPause // by steps alone
	}
	return parseVideo(id, w.it.Value().Data())
}

func (w *walk) seek(key []byte) error {
	if w.it == nil {
		w.it = w.store.db.NewIterator(w.store.shared.read)
	}
	w.it.Seek(key)
	w.stands = true
	return w.load()
}

func (w *walk) load() error {
	w.key = nil
	if !w.it.Valid() {
		return classify(w.it.Err())
	}
	w.key = w.it.Key().Data()
	return nil
}

func (w *walk) close() {
	if w.it != nil {
		w.it.Close()
	}
}

// video looks up what is at a key.
func (r *RocksDB) video(id string, key []byte) (window.Video, error) {
	found, err := r.db.GetPinned(r.shared.read, key)
	if err != nil {
		return window.Video{}, classify(err)
	}
	if !found.Exists() {
		return parseVideo(id, nil)
	}
	defer found.Destroy()
	return parseVideo(id, found.Data())
}
