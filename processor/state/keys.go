package state

import (
	"encoding/binary"
	"fmt"
	"math"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// The tags that keys begin with; package comment, Layout.
const (
	tagChangelog = 'c'
	tagPosition  = 'p'
	tagRow       = 'r'
	tagVideo     = 'v'
)

// layoutVersion is the version of everything in a store, its keys included.
const layoutVersion = 2

func appendVideoKey(dst []byte, id string) []byte {
	return append(append(dst, tagVideo), id...)
}

const rowPrefix = 1 + 8 // the length of a block's key before the id

// appendRowKey appends the key of a block of rows whose first is of this id;
// with an empty one, the prefix that the keys of all blocks of the pane have.
func appendRowKey(dst []byte, p likes.Pane, id string) []byte {
	dst = append(dst, tagRow)
	dst = binary.BigEndian.AppendUint64(dst, uint64(p)^1<<63)
	return append(dst, id...)
}

// afterPane appends the least key that is greater than all keys of the pane.
func afterPane(dst []byte, p likes.Pane) []byte {
	if p == math.MaxInt64 {
		return append(dst, tagRow+1)
	}
	return appendRowKey(dst, p+1, "")
}

// afterID appends the least key of a block that begins with a greater id.
func afterID(dst []byte, p likes.Pane, id string) []byte {
	return append(appendRowKey(dst, p, id), 0)
}

// parseVideo reads the value of a video; nil is a video never published.
func parseVideo(id string, value []byte) (window.Video, error) {
	if value == nil {
		return window.Video{}, nil
	}
	v, err := window.ParseVideo(value)
	if err != nil {
		return window.Video{}, fmt.Errorf("read video %q: %w: %w", id, ErrDamaged, err)
	}
	return v, nil
}

func appendChangelog(dst []byte, offset int64) []byte {
	return binary.AppendUvarint(append(dst, layoutVersion), uint64(offset))
}

func parseChangelog(value []byte) (int64, error) {
	if len(value) > 0 && value[0] != layoutVersion {
		return 0, fmt.Errorf("layout version %d, this program knows %d: %w", value[0], layoutVersion, ErrDamaged)
	}
	if len(value) > 0 {
		if offset, n := binary.Uvarint(value[1:]); n == len(value)-1 && n > 0 && offset <= math.MaxInt64 {
			return int64(offset), nil
		}
	}
	return 0, fmt.Errorf("parse changelog offset %x: %w", value, ErrDamaged)
}

// readHead reads the head through get, which returns the value of a key or
// nil, and says false where there is none.
func readHead(get func(key []byte) ([]byte, error)) (Head, bool, error) {
	value, err := get([]byte{tagChangelog})
	if err != nil || value == nil {
		return Head{}, false, err
	}
	var h Head
	if h.Changelog, err = parseChangelog(value); err != nil {
		return Head{}, false, err
	}
	if value, err = get([]byte{tagPosition}); err != nil {
		return Head{}, false, err
	}
	if value != nil {
		if h.Position, err = window.ParsePosition(value); err != nil {
			return Head{}, false, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		h.HasPosition = true
	}
	return h, true, nil
}

// oldestPane is a bound for [Batch.seal] of a store just opened, whose head is
// there or not: any pane may have rows that no position has deleted yet.
func oldestPane(head bool) likes.Pane {
	if head {
		return likes.Never
	}
	return noRows
}
