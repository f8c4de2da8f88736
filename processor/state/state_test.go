package state_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"distributed-counter/processor/state"
	"distributed-counter/processor/state/statetest"
)

func TestMemory(t *testing.T) {
	statetest.Run(t, func(testing.TB) statetest.Disk { return memoryDisk{new(state.Disk)} })
}

func TestRocksDB(t *testing.T) {
	shared := newShared(t, state.Config{})
	statetest.Run(t, func(t testing.TB) statetest.Disk { return directory{shared, t.TempDir()} })
}

func newShared(t testing.TB, c state.Config) *state.Shared {
	s := state.NewShared(c)
	t.Cleanup(s.Close)
	return s
}

// memoryDisk and directory are where stores live, as the suite wants it.
type memoryDisk struct{ *state.Disk }

func (d memoryDisk) Open() (state.Store, error) { return d.Disk.Open() }

type directory struct {
	shared *state.Shared
	path   string
}

func (d directory) Open() (state.Store, error) { return d.shared.Open(d.path) }
func (d directory) Destroy() error             { return state.Destroy(d.path) }

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made when needed")
	f := newShared(t, state.Config{}).Folder(dir)
	wantPartitions(t, f)
	for _, p := range []int{11, 2, 0} {
		s, err := f.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{"count-", "count-x", "count--1", "count-03", "member"} {
		if err := os.Mkdir(filepath.Join(dir, other), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "count-7"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	wantPartitions(t, f, 0, 2, 11)
	for _, p := range []int{2, 5} { // the second was never there
		if err := f.Destroy(p); err != nil {
			t.Fatal(err)
		}
	}
	wantPartitions(t, f, 0, 11)
}

func wantPartitions(t *testing.T, f *state.Folder, want ...int) {
	t.Helper()
	if got, err := f.Partitions(); err != nil || !slices.Equal(got, want) {
		t.Errorf("partitions: got %v, %v, want %v", got, err, want)
	}
}
