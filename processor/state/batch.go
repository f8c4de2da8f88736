package state

import (
	"encoding/binary"
	"fmt"
	"math"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// Batch is a set of changes that become visible together. It holds them as
// RocksDB's own encoding of a write batch, built here and handed over in one
// call: a call into C for every key was half the time of an experiment.
//
//	uint64   sequence number; RocksDB fills it in
//	uint32   number of records, little endian
//	per record:
//	  byte     1 put, 0 delete, 15 delete the keys from the first up to, not
//	           including, the second
//	  uvarint  length of the key, and its bytes
//	  uvarint  length of the value or second key, and its bytes; not for 0
//
// The zero Batch is empty and ready. It is used by one goroutine, grows with
// what is put into it, and keeps its memory when it is reset. It takes about
// 100 bytes for a video, 50 for a row that Publish adds, and 100 for one of
// Put's; while it is applied, RocksDB takes twice as much again.
type Batch struct {
	rep     []byte // header and the records put; then those that seal added
	body    int    // how much of rep is header and puts; 0 before the first
	videos  int
	records uint32     // in the body
	oldest  likes.Pane // of the rows put, where there are any
	rows    bool
	scratch []byte      // a key and its value
	block   blockWriter // rows published that are not in rep yet

	head         *Head // nil before SetHead and SetChangelog
	keepPosition bool  // leave the stored position as it is
}

const (
	recordDelete      = 0x0
	recordPut         = 0x1
	recordDeleteRange = 0xf

	batchHeader = 8 + 4
)

// Reset empties the batch.
func (b *Batch) Reset() {
	b.block.reset()
	*b = Batch{rep: b.rep[:0], scratch: b.scratch[:0], block: b.block}
}

// Videos is how many times Put and Publish were called since the batch was
// empty.
func (b *Batch) Videos() int { return b.videos }

// Size is the length of the encoded changes, in bytes: who fills a batch from
// a stream bounds it with this.
func (b *Batch) Size() int { return len(b.rep) + len(b.block.key) + len(b.block.value) }

// Publish stores what is published of a video, and its row in pane p, in which
// it has likes: it is for the leader, who publishes a pane's videos in
// ascending order of their ids, each once. So rows can lie side by side in
// blocks whose ranges of ids are disjoint, which is what reading a pane rests
// on. Nobody else has written, or will write, a row of this pane with an id
// between two of them.
func (b *Batch) Publish(id string, v *window.Video, p likes.Pane) {
	b.video(id, v)
	if len(b.block.key) > 0 && b.block.pane == p && id <= b.block.last {
		panic(fmt.Sprintf("state: video %q published after %q", id, b.block.last))
	}
	if !b.block.takes(p) {
		b.endBlock()
	}
	b.block.add(p, id, v.At(p), v.TotalAt(p))
	b.has(p)
}

// Put stores what is published of a video, at least one like, and its row in
// each of its panes from since on, each as a block of its own. It is for who
// follows a leader and may have seen nothing of the panes before. Since must
// leave out the rows that the store has from Publish, and may leave out those
// of panes that are not kept; [likes.Never] puts all.
func (b *Batch) Put(id string, v *window.Video, since likes.Pane) {
	b.video(id, v)
	for i := range likes.Pane(likes.LongestWindow) {
		p := v.Newest - i
		if p < since {
			break
		}
		c := v.At(p)
		if c.Likes == 0 {
			continue
		}
		b.scratch = appendRowKey(b.scratch[:0], p, id)
		n := len(b.scratch)
		b.scratch = appendRow(b.scratch, c, v.TotalAt(p))
		b.put(b.scratch[:n], b.scratch[n:])
		b.has(p)
	}
}

func (b *Batch) video(id string, v *window.Video) {
	if v.Total == 0 {
		panic(fmt.Sprintf("state: put of video %q, which has no likes", id))
	}
	b.open()
	b.videos++
	b.scratch = appendVideoKey(b.scratch[:0], id)
	n := len(b.scratch)
	b.scratch = v.Append(b.scratch)
	b.put(b.scratch[:n], b.scratch[n:])
}

// has notes that the batch has rows of a pane.
func (b *Batch) has(p likes.Pane) {
	if !b.rows || p < b.oldest {
		b.rows, b.oldest = true, p
	}
}

// endBlock puts the block of published rows, if there is one.
func (b *Batch) endBlock() {
	if len(b.block.key) > 0 {
		b.put(b.block.key, b.block.value)
		b.block.reset()
	}
}

// SetHead says what the store corresponds to once the batch is applied. It
// also deletes the rows of panes older than the last ten that the position
// says are published. The last of several calls counts; where among the puts
// it comes does not matter. The head's slices must stay as they are until the
// batch is applied.
func (b *Batch) SetHead(h Head) {
	if h.Changelog < 0 {
		panic(fmt.Sprintf("state: changelog offset %d", h.Changelog))
	}
	b.head, b.keepPosition = &h, false
}

// SetChangelog is SetHead for a batch that brings no new position: the one
// that the store has stays.
func (b *Batch) SetChangelog(next int64) {
	b.SetHead(Head{Changelog: next})
	b.keepPosition = true
}

// open makes room for the header and takes off what seal added.
func (b *Batch) open() {
	if b.body == 0 {
		b.rep = append(b.rep[:0], make([]byte, batchHeader)...)
		b.body, b.records = batchHeader, 0
	}
	b.rep = b.rep[:b.body]
}

// put appends a record to the body.
func (b *Batch) put(key, value []byte) {
	b.rep = appendRecord(b.rep, recordPut, key, value)
	b.body = len(b.rep)
	b.records++
}

func appendRecord(rep []byte, kind byte, key, value []byte) []byte {
	rep = append(rep, kind)
	rep = binary.AppendUvarint(rep, uint64(len(key)))
	rep = append(rep, key...)
	if kind == recordDelete {
		return rep
	}
	rep = binary.AppendUvarint(rep, uint64(len(value)))
	return append(rep, value...)
}

// noRows is the oldest pane of a store that has no rows.
const noRows likes.Pane = math.MaxInt64

// seal completes the batch for a store whose oldest pane with rows is oldest
// or later, and returns its bytes, and what is the oldest pane afterwards.
//
// Deletions are the reason why it must be told: a deletion of everything up to
// some pane at each position would pile up ranges in RocksDB that all begin at
// the same key, and every read pays for the square of their number. So each
// deletion begins where the one before it ended, and most batches have none.
func (b *Batch) seal(oldest likes.Pane) ([]byte, likes.Pane) {
	if b.head == nil {
		panic("state: batch without a head")
	}
	b.open()
	b.endBlock()
	rep, n := b.rep, b.records+1
	b.scratch = appendChangelog(b.scratch[:0], b.head.Changelog)
	rep = appendRecord(rep, recordPut, []byte{tagChangelog}, b.scratch)
	if b.rows {
		oldest = min(oldest, b.oldest)
	}
	if !b.keepPosition {
		n++
		if b.head.HasPosition {
			b.scratch = b.head.Position.Append(b.scratch[:0])
			rep = appendRecord(rep, recordPut, []byte{tagPosition}, b.scratch)
		} else {
			rep = appendRecord(rep, recordDelete, []byte{tagPosition}, nil)
		}
		if keep := b.head.FirstKept(); oldest < keep {
			n++
			b.scratch = appendRowKey(b.scratch[:0], oldest, "")
			from := len(b.scratch)
			b.scratch = appendRowKey(b.scratch, keep, "")
			rep = appendRecord(rep, recordDeleteRange, b.scratch[:from], b.scratch[from:])
			oldest = keep
		}
	}
	binary.LittleEndian.PutUint32(rep[8:], n)
	b.rep = rep
	return rep, oldest
}
