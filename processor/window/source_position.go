package window

import (
	"encoding/binary"
	"fmt"
)

// SourcePosition is how far a PARTITION task has brought its source: the
// offset after the last record whose like is in the log, and its watermark.
// It is written in the transaction that writes the log.
type SourcePosition struct {
	Identity
	Next      int64 // source offset
	Known     bool  // whether there is a watermark yet
	Watermark int64 // greatest event time seen, or the idle clock; ms; the grace not yet taken off
}

const sourcePositionVersion = 1

// Append appends the encoding of a position:
//
//	byte     version, 1
//	         identity, as in a Position: From is the ingestion topic
//	uvarint  next source offset
//	byte     1 with watermark, 0 without (then nothing follows)
//	varint   watermark, ms
func (p *SourcePosition) Append(dst []byte) []byte {
	dst = append(dst, sourcePositionVersion)
	dst = p.Identity.append(dst)
	dst = binary.AppendUvarint(dst, uint64(p.Next))
	if !p.Known {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	return binary.AppendVarint(dst, p.Watermark)
}

// ParseSourcePosition reads what [SourcePosition.Append] wrote, all of it.
func ParseSourcePosition(b []byte) (SourcePosition, error) {
	r := reader{b: b}
	if version := r.byte(); version != sourcePositionVersion && r.err == nil {
		return SourcePosition{}, fmt.Errorf("parse source position: version %d, this program knows %d: %w", version, sourcePositionVersion, errCorrupt)
	}
	p := SourcePosition{Identity: r.identity(), Next: r.offset()}
	switch r.byte() {
	case 0:
	case 1:
		p.Known, p.Watermark = true, r.varint()
	default:
		r.fail()
	}
	if err := r.end(); err != nil {
		return SourcePosition{}, fmt.Errorf("parse source position: %w", err)
	}
	return p, nil
}
