package window

import "hash/maphash"

// index finds the tallies of a counter by the ids of their videos. It is a hash
// table with linear probing, because looking up a video is what a like costs
// most where there are many videos: each step to memory that no cache has. A map
// from string to pointer takes four such steps to come to a tally (its control
// bytes, its slot, the id's bytes, the tally), this takes two: hashes are kept
// beside the pointers, and a tally has the bytes of its id in it.
//
// It takes 32 to 128 bytes per video, and frees them when videos are gone. To
// grow or shrink is one pass over all of it, in one step, once in as many changes.
type index struct {
	seed  maphash.Seed
	slots []indexSlot // a power of two of them, or none
	used  int
}

// indexSlot is free where it has no tally.
type indexSlot struct {
	hash uint64
	t    *tally
}

// leastSlots is what an index begins with, and does not shrink below.
const leastSlots = 1 << 10

func newIndex() index {
	return index{seed: maphash.MakeSeed(), slots: make([]indexSlot, leastSlots)}
}

func (x *index) hash(id []byte) uint64 { return maphash.Bytes(x.seed, id) }

// hashOf is the hash of a tally's id.
func (x *index) hashOf(t *tally) uint64 { return maphash.String(x.seed, t.id) }

// find is the tally of an id with its hash; nil where there is none.
func (x *index) find(hash uint64, id []byte) *tally {
	mask := uint64(len(x.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &x.slots[i]
		if s.t == nil || s.hash == hash && s.t.id == string(id) {
			return s.t
		}
	}
}

// insert puts in a tally that is not there.
func (x *index) insert(hash uint64, t *tally) {
	if x.used >= len(x.slots)/2 {
		x.resize(2 * len(x.slots))
	}
	x.used++
	x.place(indexSlot{hash, t})
}

func (x *index) place(s indexSlot) {
	mask := uint64(len(x.slots) - 1)
	i := s.hash & mask
	for x.slots[i].t != nil {
		i = (i + 1) & mask
	}
	x.slots[i] = s
}

// remove takes out a tally that is there. What had to be put behind it moves up,
// so that a search may still end at the first free slot.
func (x *index) remove(hash uint64, t *tally) {
	mask := uint64(len(x.slots) - 1)
	free := hash & mask
	for x.slots[free].t != t {
		free = (free + 1) & mask
	}
	for i := (free + 1) & mask; x.slots[i].t != nil; i = (i + 1) & mask {
		// One that is at or after its home, and whose home is after the free
		// slot, would not be found there.
		if home := x.slots[i].hash & mask; (i-home)&mask >= (i-free)&mask {
			x.slots[free] = x.slots[i]
			free = i
		}
	}
	x.slots[free] = indexSlot{}
	x.used--
	if len(x.slots) > leastSlots && x.used < len(x.slots)/8 {
		x.resize(len(x.slots) / 2)
	}
}

func (x *index) resize(slots int) {
	old := x.slots
	x.slots = make([]indexSlot, slots)
	for _, s := range old {
		if s.t != nil {
			x.place(s)
		}
	}
}
