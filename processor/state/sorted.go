package state

import (
	"bytes"
	"slices"
)

// entry is a key and its value.
type entry struct{ key, value []byte }

// sorted is the content of a memory store: entries in the order of their
// keys. It is never changed in place, so whoever holds one holds a snapshot.
type sorted []entry

// from is the entries with keys from key on.
func (s sorted) from(key []byte) sorted {
	i, _ := slices.BinarySearchFunc(s, key, func(e entry, key []byte) int { return bytes.Compare(e.key, key) })
	return s[i:]
}

// get is the value of a key; nil where it is not there.
func (s sorted) get(key []byte) []byte {
	if at := s.from(key); len(at) > 0 && bytes.Equal(at[0].key, key) {
		return at[0].value
	}
	return nil
}

// with is s after the changes, in their order. It copies what it keeps of
// them, and costs a copy of s however few they are: entries are pointers.
func (s sorted) with(changes []change) sorted {
	var puts, ranges []indexed
	for i, c := range changes {
		if c.kind == recordDeleteRange {
			ranges = append(ranges, indexed{c, i})
			s = s.without(c.key, c.value)
		} else {
			puts = append(puts, indexed{c, i})
		}
	}
	slices.SortStableFunc(puts, func(a, b indexed) int { return bytes.Compare(a.key, b.key) })
	next := make(sorted, 0, len(s)+len(puts))
	for i, p := range puts {
		if i+1 < len(puts) && bytes.Equal(p.key, puts[i+1].key) {
			continue // the last change of a key is the one that counts
		}
		rest := s.from(p.key)
		next = append(next, s[:len(s)-len(rest)]...)
		if len(rest) > 0 && bytes.Equal(rest[0].key, p.key) {
			rest = rest[1:]
		}
		s = rest
		if p.kind == recordPut && !deleted(p, ranges) {
			next = append(next, newEntry(p.change))
		}
	}
	return append(next, s...)
}

// indexed is a change and where among its batch's it comes.
type indexed struct {
	change
	index int
}

// deleted says whether a range deletion that comes after c takes it.
func deleted(c indexed, ranges []indexed) bool {
	return slices.ContainsFunc(ranges, func(r indexed) bool {
		return r.index > c.index && bytes.Compare(r.key, c.key) <= 0 && bytes.Compare(c.key, r.value) < 0
	})
}

// without is s less the entries with keys from from up to, not including, to.
func (s sorted) without(from, to []byte) sorted {
	rest := s.from(from)
	after := s.from(to)
	if len(after) >= len(rest) {
		return s
	}
	return slices.Concat(s[:len(s)-len(rest)], after)
}

func newEntry(c change) entry {
	b := make([]byte, 0, len(c.key)+len(c.value))
	b = append(append(b, c.key...), c.value...)
	return entry{key: b[:len(c.key):len(c.key)], value: b[len(c.key):]}
}
