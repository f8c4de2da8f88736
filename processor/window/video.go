package window

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"distributed-counter/likes"
)

// Count is a number of likes in one pane.
type Count struct {
	Likes uint64
	Late  uint64 // how many of Likes were moved here from a pane that had closed
}

func (c *Count) add(d Count) {
	c.Likes += d.Likes
	c.Late += d.Late
}

// Video is all that has been published of one video: its lifetime total and
// its counts in the last ten panes that have any, by the number of the pane.
// It is the value of a changelog record, and everything the store holds of a
// video can be rebuilt from it. The zero Video has never been published.
type Video struct {
	Total  uint64
	Newest likes.Pane // the newest pane with a count; meaningless while Total is 0
	panes  [likes.LongestWindow]Count
}

// At is the count in pane p; zero for panes after the newest, and for those
// too old to be remembered.
func (v *Video) At(p likes.Pane) Count {
	if p > v.Newest || uint64(v.Newest)-uint64(p) >= likes.LongestWindow { // as a difference, which cannot overflow
		return Count{}
	}
	return v.panes[slot(p)]
}

// Add adds the count of pane p, which must be at least 1 like and must not be
// older than the newest pane.
func (v *Video) Add(p likes.Pane, c Count) {
	if v.Total == 0 {
		v.Newest = p
	}
	if p < v.Newest || c.Likes == 0 {
		panic(fmt.Sprintf("window: %d likes added to pane %d after pane %d", c.Likes, p, v.Newest))
	}
	if uint64(p)-uint64(v.Newest) >= likes.LongestWindow {
		v.panes = [likes.LongestWindow]Count{}
		v.Newest = p
	}
	for v.Newest < p {
		v.Newest++
		v.panes[slot(v.Newest)] = Count{}
	}
	v.Total += c.Likes
	v.panes[slot(p)].add(c)
}

// TotalAt is the lifetime total as of the end of pane p, which must be one of
// the last ten up to the newest, or later.
func (v *Video) TotalAt(p likes.Pane) uint64 {
	total := v.Total
	for i := range likes.Pane(likes.LongestWindow) {
		if q := v.Newest - i; q > p {
			total -= v.At(q).Likes
		}
	}
	return total
}

func slot(p likes.Pane) int {
	s := p % likes.LongestWindow
	if s < 0 {
		s += likes.LongestWindow
	}
	return int(s)
}

const videoVersion = 1

var errCorrupt = errors.New("corrupt or foreign bytes")

// Append appends the encoding of a published video:
//
//	byte     version, 1
//	uvarint  total, at least 1
//	varint   newest pane
//	uint16   which panes follow, little endian: bit i is pane newest−i
//	per set bit, lowest first:
//	  uvarint  likes, at least 1
//	  uvarint  late
func (v *Video) Append(dst []byte) []byte {
	dst = append(dst, videoVersion)
	dst = binary.AppendUvarint(dst, v.Total)
	dst = binary.AppendVarint(dst, int64(v.Newest))
	var mask uint16
	for i := range likes.LongestWindow {
		if v.At(v.Newest-likes.Pane(i)).Likes > 0 {
			mask |= 1 << i
		}
	}
	dst = binary.LittleEndian.AppendUint16(dst, mask)
	for ; mask != 0; mask &= mask - 1 {
		c := v.At(v.Newest - likes.Pane(bits.TrailingZeros16(mask)))
		dst = binary.AppendUvarint(dst, c.Likes)
		dst = binary.AppendUvarint(dst, c.Late)
	}
	return dst
}

// ParseVideo reads what [Video.Append] wrote, all of it.
func ParseVideo(b []byte) (Video, error) {
	r := reader{b: b}
	if version := r.byte(); version != videoVersion && r.err == nil {
		return Video{}, fmt.Errorf("parse video: version %d, this program knows %d: %w", version, videoVersion, errCorrupt)
	}
	v := Video{Total: r.uvarint(), Newest: likes.Pane(r.varint())}
	mask := r.uint16()
	if mask&1 == 0 || mask>>likes.LongestWindow != 0 || v.Total == 0 || v.Newest < likes.Never+likes.LongestWindow {
		r.fail()
	}
	sum := uint64(0)
	for ; mask != 0 && r.err == nil; mask &= mask - 1 {
		c := Count{Likes: r.uvarint(), Late: r.uvarint()}
		if c.Likes == 0 || c.Late > c.Likes || c.Likes > v.Total-sum {
			r.fail()
			break
		}
		sum += c.Likes
		v.panes[slot(v.Newest-likes.Pane(bits.TrailingZeros16(mask)))] = c
	}
	if err := r.end(); err != nil {
		return Video{}, fmt.Errorf("parse video: %w", err)
	}
	return v, nil
}
