package pipeline

import (
	"fmt"
	"sync"
	"time"
)

// storeUse knows which stores are in use, so that one that nobody has worked on
// for a while can be deleted: its partition is at home elsewhere.
type storeUse struct {
	mu     sync.Mutex          // guards both, and is held while a store is deleted
	using  map[int32]int       // tasks at work, by log partition
	unused map[int32]time.Time // since when
}

// use counts a task that begins (+1) or ends (−1) to work on a store.
func (s *storeUse) use(partition int32, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.using == nil {
		s.using, s.unused = make(map[int32]int), make(map[int32]time.Time)
	}
	s.using[partition] += n
	delete(s.unused, partition)
	if s.using[partition] == 0 {
		delete(s.using, partition)
		s.unused[partition] = time.Now()
	}
}

// find takes the stores that are there at the start for unused.
func (s *storeUse) find(partitions []int) {
	for _, p := range partitions {
		s.use(int32(p), +1)
		s.use(int32(p), -1)
	}
}

// deleteUnused deletes what has not been worked on for long enough. While this
// process is in no group, that says nothing: after an outage its partitions
// come back to it, and their stores spare them a restore.
func (s *storeUse) deleteUnused(w *worker, joined bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, since := range s.unused {
		if !joined {
			s.unused[p] = time.Now()
		}
		if !joined || time.Since(since) < unusedStoreAfter {
			continue
		}
		delete(s.unused, p)
		if err := w.cfg.Stores.Destroy(int(p)); err != nil {
			w.cfg.Log.Warn("delete unused store", "partition", p, "err", err)
			continue
		}
		w.cfg.Log.Info("deleted a store that nobody works on", "partition", fmt.Sprint(p))
	}
}
