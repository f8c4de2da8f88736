package simulation_test

import (
	"errors"

	"distributed-counter/processor/state"
)

// stores are the disks of a host, as one life of its processor sees them.
type stores struct{ l *life }

var errDead = errors.New("this process was killed")

func (s stores) Open(p int) (state.Store, error) {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if s.l.dead {
		return nil, errDead
	}
	disk := s.l.h.disks[p]
	m, err := disk.Open()
	if err != nil {
		return nil, err
	}
	s.l.open[p] = &store{Store: m, l: s.l, partition: p}
	return s.l.open[p], nil
}

func (s stores) Destroy(p int) error {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if s.l.dead {
		return errDead
	}
	return s.l.h.disks[p].Destroy()
}

func (s stores) Partitions() ([]int, error) { return nil, nil }

// store is a step at which a process can be killed, too: before a commit that
// is true in Kafka reaches the store, and after.
type store struct {
	state.Store
	l         *life
	partition int
}

func (s *store) Apply(b *state.Batch) error {
	s.l.mu.Lock()
	n, at := s.l.applies, s.l.atApply
	s.l.applies++
	s.l.mu.Unlock()
	if at != nil {
		at(2 * n)
	}
	err := s.Store.Apply(b)
	if at != nil {
		at(2*n + 1)
	}
	return err
}

func (s *store) Close() error {
	s.l.mu.Lock()
	delete(s.l.open, s.partition)
	s.l.mu.Unlock()
	return s.Store.Close()
}
