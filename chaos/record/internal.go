package record

import "encoding/binary"

// Delta is a number of likes of a video in a pane, by their event time.
type Delta struct {
	Pane  int64
	Video string
	Likes uint64
}

// Batch is a record of the log.
type Batch struct {
	PaneMS          int64 // length of a pane
	Source, Sources int   // source partition, and how many there are
	From, To        int64 // source offsets of the commit, To exclusive
	Last            bool  // the commit's last batch: Watermark is set
	Watermark       int64 // ms since the epoch, less the grace
	Deltas          []Delta
}

// ParseBatch reads the value of a record of the log:
//
//	version 1 · last (0, 1) · pane length ms · source · sources · from · to ·
//	watermark, only in the last · per pane: number, then (length of the id, id,
//	likes) for each video, then a length of 0
//
// with unsigned varints, but signed ones (zigzag) for watermark and pane.
func ParseBatch(value []byte) (b Batch, err error) {
	err = parse("batch", value, func(f *fields) {
		f.must(f.byte() == 1)
		last := f.byte()
		f.must(last <= 1)
		b.Last = last == 1
		b.PaneMS = int64(f.unsigned())
		b.Source, b.Sources = int(f.unsigned()), int(f.unsigned())
		b.From, b.To = int64(f.unsigned()), int64(f.unsigned())
		f.must(b.PaneMS > 0 && b.Source >= 0 && b.Source < b.Sources && b.From >= 0 && b.From <= b.To)
		if b.Last {
			b.Watermark = f.signed()
		}
		for len(*f) > 0 {
			pane := f.signed()
			for id := f.text(); id != ""; id = f.text() {
				n := f.unsigned()
				f.must(n > 0)
				b.Deltas = append(b.Deltas, Delta{pane, id, n})
			}
		}
	})
	return b, err
}

// Count is a number of likes, and how many of them came late.
type Count struct{ Likes, Late uint64 }

// Published is the value of a video's record in the changelog.
type Published struct {
	Total  uint64
	Newest int64     // pane
	Counts [10]Count // of the panes Newest, Newest−1, …
}

// ParsePublished reads it:
//
//	version 1 · total · newest pane (signed) · mask, two bytes, little endian:
//	bit i is pane newest−i · per set bit, lowest first: likes, late
func ParsePublished(value []byte) (p Published, err error) {
	err = parse("changelog record", value, func(f *fields) {
		f.must(f.byte() == 1)
		p.Total, p.Newest = f.unsigned(), f.signed()
		mask := binary.LittleEndian.Uint16(f.bytes(2))
		f.must(mask < 1<<len(p.Counts))
		for i := range p.Counts {
			if mask>>i&1 == 1 {
				p.Counts[i] = Count{Likes: f.unsigned(), Late: f.unsigned()}
			}
		}
	})
	return p, err
}

// IsBarrier and IsPosition tell the records that are no video's by their key,
// which begins with a byte that no video id has.
func IsBarrier(key []byte) bool { return string(key) == "\x00b" }

// IsPosition is about the record that says how far its task has come.
func IsPosition(key []byte) bool { return string(key) == "\x00p" }

// Position is what the checker looks at in a COUNT position.
type Position struct {
	Published int64 // all panes before it are published; Never: none
	Cursor    string
	Replay    int64 // no earlier log record has anything unpublished
}

// ParsePosition reads the value of a position record of the changelog, as far
// as the checker needs it:
//
//	version 1 · group · pane length ms · 16 and 16 bytes of topic identities ·
//	published pane (signed) · cursor · replay offset · …
func ParsePosition(value []byte) (p Position, err error) {
	err = parse("position", value, func(f *fields) {
		f.must(f.byte() == 1)
		f.text()
		f.unsigned()
		f.bytes(32)
		p.Published, p.Cursor, p.Replay = f.signed(), f.text(), int64(f.unsigned())
		*f = nil
	})
	return p, err
}
