package state_test

import (
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

// memoryDisk is a state.Disk as the suite wants it.
type memoryDisk struct{ *state.Disk }

func (d memoryDisk) Open() (state.Store, error) {
	m, err := d.Disk.Open()
	if err != nil {
		return nil, err
	}
	return m, nil
}

// directory is where a RocksDB is.
type directory struct {
	shared *state.Shared
	path   string
}

func (d directory) Open() (state.Store, error) {
	r, err := d.shared.Open(d.path)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (d directory) Destroy() error { return state.Destroy(d.path) }
