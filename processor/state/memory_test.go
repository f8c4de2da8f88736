package state_test

import (
	"errors"
	"testing"

	"distributed-counter/processor/state"
)

// A disk fails as a machine does: a kill may lose the last batches, all that
// came before them stays, and the killed process can do nothing more.
func TestDiskKill(t *testing.T) {
	tests := []struct {
		name             string
		batches, lose    int
		wantLost, wantOf int
	}{
		{"nothing", 5, 0, 0, 5},
		{"the last batch", 5, 1, 1, 4},
		{"all there are", 5, 6, 5, 0},
		{"no more than may be in memory", 30, 20, state.MaxUnflushed, 30 - state.MaxUnflushed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d state.Disk
			old, err := d.Open()
			if err != nil {
				t.Fatal(err)
			}
			if err := writeHistory(old, 0, tt.batches); err != nil {
				t.Fatal(err)
			}
			if got := d.Kill(tt.lose); got != tt.wantLost {
				t.Errorf("lost: got %d, want %d", got, tt.wantLost)
			}
			s, err := d.Open()
			if err != nil {
				t.Fatal(err)
			}
			if err := writeHistory(old, tt.batches, tt.batches+1); err == nil {
				t.Error("a killed process wrote")
			}
			if err := old.Close(); err == nil {
				t.Error("a killed process closed the store")
			}
			if n, err := readHistory(s); n != tt.wantOf || err != nil {
				t.Errorf("left: got %d batches, %v, want %d", n, err, tt.wantOf)
			}
		})
	}
}

// What was closed in between cannot be lost any more.
func TestDiskKillAfterClose(t *testing.T) {
	var d state.Disk
	s, err := d.Open()
	if err == nil {
		err = errors.Join(writeHistory(s, 0, 3), s.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Open(); err != nil {
		t.Fatal(err)
	}
	if got := d.Kill(5); got != 0 {
		t.Errorf("lost: got %d, want 0", got)
	}
}

func TestDiskDamage(t *testing.T) {
	var d state.Disk
	d.Damage()
	if _, err := d.Open(); !errors.Is(err, state.ErrDamaged) {
		t.Errorf("open: got %v, want ErrDamaged", err)
	}
	if err := d.Destroy(); err != nil {
		t.Fatal(err)
	}
	s, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := readHistory(s); n != 0 || err != nil {
		t.Errorf("after destroying it: got %d batches, %v", n, err)
	}
}
