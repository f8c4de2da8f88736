package window_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"distributed-counter/processor/window"
)

// TestIndexIsAMap holds the index against a map, with hashes that fall together
// at both ends of the table.
func TestIndexIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.IntRange(1, 3000).Draw(t, "ids")
		homes := rapid.SampledFrom([]uint64{1, 2, 7, 100, 1 << 40}).Draw(t, "homes")
		hash := func(id int) uint64 { return uint64(id)*0x9e3779b97f4a7c15%homes - 1 } // also the last slots
		x, model := window.NewIndex(), map[int]bool{}
		for range rapid.IntRange(0, 40).Draw(t, "rounds") {
			from, n := rapid.IntRange(0, ids-1).Draw(t, "from"), rapid.IntRange(1, 400).Draw(t, "n")
			put := rapid.Bool().Draw(t, "put")
			for i := range n {
				id := (from + i*31) % ids
				switch name := fmt.Sprint(id); {
				case put && !model[id]:
					x.Insert(hash(id), name)
					model[id] = true
				case !put && model[id]:
					x.Remove(hash(id), name)
					delete(model, id)
				}
			}
		}
		for id := range ids {
			if got := x.Find(hash(id), fmt.Sprint(id)); got != model[id] {
				t.Fatalf("id %d is there: %v, want %v", id, got, model[id])
			}
		}
		if _, used := x.Slots(); used != len(model) {
			t.Errorf("%d slots are used, want %d", used, len(model))
		}
	})
}

// TestIndexGivesMemoryBack shows that a flood of videos leaves nothing behind.
func TestIndexGivesMemoryBack(t *testing.T) {
	const flood = 100_000
	x := window.NewIndex()
	least, _ := x.Slots()
	hash := func(id int) uint64 { return uint64(id) * 0x9e3779b97f4a7c15 }
	for id := range flood {
		x.Insert(hash(id), fmt.Sprint(id))
	}
	if all, _ := x.Slots(); all < 2*flood || all > 4*flood {
		t.Errorf("%d slots for %d videos, want two to four each", all, flood)
	}
	for id := range flood {
		x.Remove(hash(id), fmt.Sprint(id))
	}
	if all, used := x.Slots(); all != least || used != 0 {
		t.Errorf("%d of %d slots are used once all are gone, want 0 of %d", used, all, least)
	}
}
