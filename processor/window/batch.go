package window

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"time"

	"distributed-counter/likes"
)

// Batch is the value of a record in the log: what one source partition adds to
// one log partition in one commit. A commit writes to every log partition, so
// that all of them learn its watermark, and is split into several batches
// where it is larger than [MaxBatch].
//
// Each like in it is a record at one of the source offsets, so there are not more
// than these; times and panes are as the [Source] bounds them. What says
// otherwise is refused: it is foreign, and its sums might overflow.
//
// Its layout:
//
//	byte     version, 1
//	byte     1 in the commit's last batch for this log partition, 0 before
//	uvarint  pane length, ms
//	uvarint  source partition
//	uvarint  number of source partitions
//	uvarint  source offsets covered by the commit: the first
//	uvarint  and the one after the last
//	varint   (in the last batch only) watermark less grace, ms
//	per pane:
//	  varint   pane
//	  per video:
//	    uvarint  length of the id, at least 1, and its bytes
//	    uvarint  likes, at least 1
//	  byte     0
type Batch struct {
	Pane      time.Duration // length of a pane
	Source    int           // source partition
	Sources   int           // how many source partitions there are
	From, To  int64         // source offsets of the commit, To exclusive
	Last      bool          // the commit's last batch: Watermark is set
	Watermark int64         // milliseconds since the epoch, less the grace

	panes []byte // the rest of the encoding, checked
}

// MaxBatch is the size, in bytes, at which a batch is split. A batch may
// exceed it by one video.
const MaxBatch = 512 << 10

const (
	batchVersion = 1
	endOfPane    = 0 // no id is empty
)

// Delta is a number of likes of one video in one pane.
type Delta struct {
	Pane  likes.Pane
	ID    []byte // part of the encoding: valid as long as that is
	Likes uint64
}

// ParseBatch checks an encoded batch, all of it. The Batch keeps b.
func ParseBatch(b []byte) (Batch, error) {
	r := reader{b: b}
	if version := r.byte(); version != batchVersion && r.err == nil {
		return Batch{}, fmt.Errorf("parse batch: version %d, this program knows %d: %w", version, batchVersion, errCorrupt)
	}
	last := r.byte()
	ms, source, sources := r.uvarint(), r.uvarint(), r.uvarint()
	from, to := r.offset(), r.offset()
	if last > 1 || ms == 0 || ms > math.MaxInt64/uint64(time.Millisecond) || sources > MaxSources || source >= sources || from > to {
		r.fail()
	}
	batch := Batch{
		Pane:   time.Duration(ms) * time.Millisecond,
		Source: int(source), Sources: int(sources),
		From: from, To: to,
		Last: last == 1,
	}
	if batch.Last {
		batch.Watermark = r.varint()
		if batch.Watermark > latest || batch.Watermark < -maxWatermark {
			r.fail()
		}
	}
	batch.panes = r.b
	if batch.check(&r); r.err != nil {
		return Batch{}, fmt.Errorf("parse batch: %w", r.err)
	}
	return batch, nil
}

// maxWatermark is how far before the epoch a watermark may lie: the earliest
// time less any grace that makes sense.
const maxWatermark = 2 * -earliest

// check reads the deltas, all of them, as a reader of the batch will.
func (b *Batch) check(r *reader) {
	if r.err != nil {
		return
	}
	first, last := likes.PaneOf(earliest, b.Pane), likes.PaneOf(latest, b.Pane)
	rest := uint64(b.To - b.From)
	for len(r.b) > 0 {
		if p := likes.Pane(r.varint()); p < first || p > last {
			r.fail()
		}
		for len(r.bytes(likes.MaxVideoID)) != endOfPane {
			n := r.uvarint()
			if n == 0 || n > rest {
				r.fail()
			}
			rest -= n
		}
	}
}

// Deltas are the batch's deltas in the order they were written in.
func (b *Batch) Deltas() iter.Seq[Delta] {
	return func(yield func(Delta) bool) {
		r := reader{b: b.panes}
		for len(r.b) > 0 {
			d := Delta{Pane: likes.Pane(r.varint())}
			for {
				if d.ID = r.bytes(likes.MaxVideoID); len(d.ID) == endOfPane {
					break
				}
				if d.Likes = r.uvarint(); !yield(d) {
					return
				}
			}
		}
	}
}

// maxHead is how long what comes before the panes can be, in bytes.
const maxHead = 2 + 6*binary.MaxVarintLen64

// batchWriter writes the batches of one commit for one log partition.
type batchWriter struct {
	head   Batch
	size   int // expected of a batch, bytes
	done   [][]byte
	buf    []byte
	pane   likes.Pane
	inPane bool
}

func (w *batchWriter) add(p likes.Pane, id string, n uint64) {
	if len(w.buf) >= MaxBatch {
		w.endPane()
		w.done = append(w.done, w.buf)
		w.buf = nil
	}
	if w.buf == nil {
		w.buf = w.head.appendHead(make([]byte, 0, w.size))
	}
	if !w.inPane || w.pane != p {
		w.endPane()
		w.buf = binary.AppendVarint(w.buf, int64(p))
		w.pane, w.inPane = p, true
	}
	w.buf = appendBytes(w.buf, id)
	w.buf = binary.AppendUvarint(w.buf, n)
}

func (w *batchWriter) endPane() {
	if w.inPane {
		w.buf = append(w.buf, endOfPane)
		w.inPane = false
	}
}

// finish is all the batches, the last of them with the watermark, after the
// deltas that it covers. The last batch is written anew behind its larger
// head: once per commit, not per like.
func (w *batchWriter) finish() [][]byte {
	w.endPane()
	last := w.head
	last.Last = true
	end := last.appendHead(make([]byte, 0, len(w.buf)+maxHead))
	if w.buf != nil {
		end = append(end, w.buf[len(w.head.appendHead(nil)):]...)
	}
	return append(w.done, end)
}

func (b *Batch) appendHead(dst []byte) []byte {
	last := byte(0)
	if b.Last {
		last = 1
	}
	dst = append(dst, batchVersion, last)
	dst = binary.AppendUvarint(dst, uint64(b.Pane.Milliseconds()))
	dst = binary.AppendUvarint(dst, uint64(b.Source))
	dst = binary.AppendUvarint(dst, uint64(b.Sources))
	dst = binary.AppendUvarint(dst, uint64(b.From))
	dst = binary.AppendUvarint(dst, uint64(b.To))
	if b.Last {
		dst = binary.AppendVarint(dst, b.Watermark)
	}
	return dst
}
