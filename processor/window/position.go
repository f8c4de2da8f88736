package window

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"distributed-counter/likes"
)

// TopicID is the identity that Kafka gives a topic when it is created; another
// topic of the same name has another one.
type TopicID = [16]byte

// Identity says which data a position belongs to. A position with another
// identity than the processor's own must stop the start: its offsets or panes
// would mean something else.
type Identity struct {
	Group string        // the consumer group
	Pane  time.Duration // length of a pane
	From  TopicID       // the topic whose offsets the position holds
	To    TopicID       // the topic that holds the position
}

// Mark is what the log has said of one source partition.
type Mark struct {
	// Known is false until the source has reported: it holds the frontier back.
	Known bool
	// Watermark: no like with an earlier event time is expected; milliseconds
	// since the epoch, less the grace.
	Watermark int64
	// Next is the source offset after those whose likes the log holds. A batch
	// that does not begin there means that the log has a gap.
	Next int64
}

// Progress is what COUNT's decisions rest on: the marks of all source
// partitions, and the frontier they have led to so far. It is a value: once
// part of a [Position] or of a pane's beginning it is never changed in place.
type Progress struct {
	Marks    []Mark     // one per source partition
	Frontier likes.Pane // the first pane that is still open; Never before the first
}

func (p Progress) clone() Progress {
	p.Marks = slices.Clone(p.Marks)
	return p
}

// Position is how far a COUNT task has published, and where a reader of the
// log has to begin to rebuild what is not published. It is the last record of
// each publication's transaction, and is stored with what was published.
type Position struct {
	Identity
	// Published: all panes before it are published. Never: none is.
	Published likes.Pane
	// Cursor: of pane Published, the videos up to and including this one (in
	// byte order) are published too. Empty: none of them.
	Cursor string
	// Replay is the log offset R: no earlier record has a delta for anything
	// unpublished.
	Replay int64
	// At is the progress as it was before the record at Replay was folded.
	At Progress
}

// covers says whether the counts of a video in pane p are published.
func (p *Position) covers(pane likes.Pane, id []byte) bool {
	return pane < p.Published || pane == p.Published && string(id) <= p.Cursor
}

// Unpublished is the first pane whose count of a video is not published.
func (p *Position) Unpublished(id []byte) likes.Pane {
	if p.covers(p.Published, id) {
		return p.Published + 1
	}
	return p.Published
}

// MaxSources bounds the number of ingestion partitions, so that a corrupt
// record cannot make its reader allocate without limit.
const MaxSources = 1 << 16

const positionVersion = 1

// Append appends the encoding of a position:
//
//	byte     version, 1
//	         identity: uvarint length and bytes of the group, uvarint pane
//	         length in ms, 16 bytes log topic, 16 bytes changelog topic
//	varint   published pane, or the least int64 for none
//	uvarint  length of the cursor, and its bytes
//	uvarint  replay offset
//	varint   frontier, or the least int64 for none
//	uvarint  number of sources
//	per source:
//	  byte     1 known, 0 not (then nothing follows)
//	  varint   watermark, ms
//	  uvarint  next source offset
func (p *Position) Append(dst []byte) []byte {
	dst = append(dst, positionVersion)
	dst = p.Identity.append(dst)
	dst = binary.AppendVarint(dst, int64(p.Published))
	dst = appendBytes(dst, p.Cursor)
	dst = binary.AppendUvarint(dst, uint64(p.Replay))
	dst = binary.AppendVarint(dst, int64(p.At.Frontier))
	dst = binary.AppendUvarint(dst, uint64(len(p.At.Marks)))
	for _, m := range p.At.Marks {
		if !m.Known {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, 1)
		dst = binary.AppendVarint(dst, m.Watermark)
		dst = binary.AppendUvarint(dst, uint64(m.Next))
	}
	return dst
}

// ParsePosition reads what [Position.Append] wrote, all of it.
func ParsePosition(b []byte) (Position, error) {
	r := reader{b: b}
	if version := r.byte(); version != positionVersion && r.err == nil {
		return Position{}, fmt.Errorf("parse position: version %d, this program knows %d: %w", version, positionVersion, errCorrupt)
	}
	p := Position{
		Identity:  r.identity(),
		Published: likes.Pane(r.varint()),
		Cursor:    string(r.bytes(likes.MaxVideoID)),
		Replay:    r.offset(),
		At:        Progress{Frontier: likes.Pane(r.varint())},
	}
	n := r.uvarint()
	if n > MaxSources {
		r.fail()
	}
	for i := uint64(0); i < n && r.err == nil; i++ {
		var m Mark
		switch r.byte() {
		case 0:
		case 1:
			m = Mark{Known: true, Watermark: r.varint(), Next: r.offset()}
		default:
			r.fail()
		}
		p.At.Marks = append(p.At.Marks, m)
	}
	if err := r.end(); err != nil {
		return Position{}, fmt.Errorf("parse position: %w", err)
	}
	return p, nil
}

func (i *Identity) append(dst []byte) []byte {
	dst = appendBytes(dst, i.Group)
	dst = binary.AppendUvarint(dst, uint64(i.Pane.Milliseconds()))
	dst = append(dst, i.From[:]...)
	return append(dst, i.To[:]...)
}

// maxGroup is the longest group name that a position can hold, in bytes.
const maxGroup = math.MaxInt16 // Kafka's own bound on a string of its protocol

func (r *reader) identity() Identity {
	i := Identity{Group: string(r.bytes(maxGroup))}
	ms := r.uvarint()
	if ms == 0 || ms > math.MaxInt64/uint64(time.Millisecond) {
		r.fail()
		return Identity{}
	}
	i.Pane = time.Duration(ms) * time.Millisecond
	r.copy(i.From[:])
	r.copy(i.To[:])
	return i
}
