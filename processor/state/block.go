package state

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// blockBytes is the length, in bytes, from which on a block takes no more
// rows: a few hundred of them, which cost RocksDB about as much as one key.
const blockBytes = 8 << 10

// appendRow appends a row but for its id.
func appendRow(dst []byte, c window.Count, total uint64) []byte {
	dst = binary.AppendUvarint(dst, c.Likes)
	dst = binary.AppendUvarint(dst, c.Late)
	return binary.AppendUvarint(dst, total)
}

// appendNextRow appends a row that is not a block's first.
func appendNextRow(dst []byte, id string, c window.Count, total uint64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(id)))
	dst = append(dst, id...)
	return appendRow(dst, c, total)
}

// blockWriter packs rows of one pane, in ascending order of their ids.
type blockWriter struct {
	pane  likes.Pane
	last  string // id of the last row
	key   []byte // of the block; empty while there is none
	value []byte
}

// add adds a row that must follow the last one.
func (w *blockWriter) add(p likes.Pane, id string, c window.Count, total uint64) {
	if len(w.key) == 0 {
		w.pane = p
		w.key = appendRowKey(w.key, p, id)
		w.value = appendRow(w.value, c, total)
	} else {
		w.value = appendNextRow(w.value, id, c, total)
	}
	w.last = id
}

// takes says whether a row of this pane may be added.
func (w *blockWriter) takes(p likes.Pane) bool {
	return len(w.key) > 0 && w.pane == p && len(w.value) < blockBytes
}

func (w *blockWriter) reset() { w.key, w.value = w.key[:0], w.value[:0] }

// blockReader reads the rows of a block. Their ids lie in its key and value.
type blockReader struct {
	row  window.Row
	rest []byte // what follows the row
}

// begin reads the first row of a block.
func (r *blockReader) begin(key, value []byte) error {
	if len(key) <= rowPrefix || key[0] != tagRow {
		return fmt.Errorf("parse block of rows %q: %w", key, ErrDamaged)
	}
	return r.parse(key[rowPrefix:], value)
}

// more says whether there is a row to step to.
func (r *blockReader) more() bool { return len(r.rest) > 0 }

// next reads the next row, where there is more.
func (r *blockReader) next() error {
	id, rest, ok := cutBytes(r.rest)
	if !ok || bytes.Compare(id, r.row.ID) <= 0 {
		return fmt.Errorf("parse row after %q: %w", r.row.ID, ErrDamaged)
	}
	return r.parse(id, rest)
}

// skip begins a block whose first row is not after an id, and steps to its
// last such row: what more and next then give comes after it.
func (r *blockReader) skip(key, value []byte, after string) error {
	if err := r.begin(key, value); err != nil {
		return err
	}
	for r.more() {
		here := *r
		if err := r.next(); err != nil {
			return err
		}
		if string(r.row.ID) > after {
			*r = here
			return nil
		}
	}
	return nil
}

func (r *blockReader) parse(id, b []byte) error {
	r.row.ID = id
	for _, field := range [...]*uint64{&r.row.Count.Likes, &r.row.Count.Late, &r.row.Total} {
		n := 0
		if *field, n = binary.Uvarint(b); n <= 0 {
			return fmt.Errorf("parse row of %q: %w", id, ErrDamaged)
		}
		b = b[n:]
	}
	if r.row.Count.Likes == 0 || r.row.Count.Late > r.row.Count.Likes || r.row.Count.Likes > r.row.Total {
		return fmt.Errorf("parse row of %q: %w", id, ErrDamaged)
	}
	r.rest = b
	return nil
}
