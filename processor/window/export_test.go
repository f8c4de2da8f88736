package window

// Index is the index of a counter's videos, with hashes of a test's choice.
type Index struct{ x index }

func NewIndex() *Index { return &Index{newIndex()} }

// Insert puts in an id that is not there.
func (x *Index) Insert(hash uint64, id string) { x.x.insert(hash, &tally{id: id}) }

// Find says whether an id is there.
func (x *Index) Find(hash uint64, id string) bool { return x.x.find(hash, []byte(id)) != nil }

// Remove takes out an id that is there.
func (x *Index) Remove(hash uint64, id string) { x.x.remove(hash, x.x.find(hash, []byte(id))) }

// Slots is how many slots there are, and how many have a tally.
func (x *Index) Slots() (all, used int) {
	for _, s := range x.x.slots {
		if s.t != nil {
			used++
		}
	}
	return len(x.x.slots), used
}
