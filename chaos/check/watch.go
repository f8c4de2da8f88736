package check

import (
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Watch is what another goroutine may ask while the ledger grows.
type Watch struct {
	mu    sync.Mutex // guards the rest
	seen  [][]Sighting
	open  []int
	parts []int
}

// Sighting is a final or running count, as a read_committed reader saw it.
type Sighting struct {
	Written time.Time // its producer's clock
	Seen    time.Time
}

func (w *Watch) saw(partition int, written, seen time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[partition] = append(w.seen[partition], Sighting{written, seen})
}

func (w *Watch) opened(partition, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[partition] += n
}

// Open is how many videos' panes of a log partition have likes and no final
// record yet.
func (w *Watch) Open(partition int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open[partition]
}

// Parts is how often a publication of a log partition has committed a part of a
// pane that was not the last.
func (w *Watch) Parts(partition int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.parts[partition]
}

func (w *Watch) part(partition int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parts[partition]++
}

// After is the first count of a log partition that was written after an
// instant; false while there is none.
func (w *Watch) After(partition int, t time.Time) (Sighting, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.seen[partition]
	for i := len(all); i > 0; i-- {
		if !all[i-1].Written.After(t) {
			if i == len(all) {
				return Sighting{}, false
			}
			return all[i], true
		}
	}
	if len(all) == 0 {
		return Sighting{}, false
	}
	return all[0], true
}

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

// reign is who writes to a partition that one task at a time may write to.
type reign struct {
	id    int64 // producer
	epoch int16
	past  map[int64]bool // producers before
}

// reign holds a record against those before it: once another producer, or a
// later epoch of the same one, has committed to the partition, nothing of an
// earlier one may come.
func (l *Ledger) reign(r *kgo.Record) {
	at := place{r.Topic, r.Partition}
	now, known := l.reigns[at]
	switch {
	case !known:
		now = reign{r.ProducerID, r.ProducerEpoch, make(map[int64]bool)}
	case r.ProducerID == now.id && r.ProducerEpoch < now.epoch, now.past[r.ProducerID]:
		l.faults.add(owner, "%s/%d offset %d: producer %d epoch %d wrote after producer %d epoch %d",
			r.Topic, r.Partition, r.Offset, r.ProducerID, r.ProducerEpoch, now.id, now.epoch)
		return
	case r.ProducerID != now.id:
		now.past[now.id] = true
		now.id = r.ProducerID
	}
	now.epoch = r.ProducerEpoch
	l.reigns[at] = now
}

// owner is the line of the report that comes after those of I1 to I6.
const owner = 7

// maxDetails bounds the faults of one kind that are told in full.
const maxDetails = 12

// faults are what was found wrong, by line of the report.
type faults struct {
	count   [owner + 1]int
	details [owner + 1][]string
}

func (f *faults) add(line int, format string, args ...any) {
	f.count[line]++
	if f.count[line] <= maxDetails {
		f.details[line] = append(f.details[line], fmt.Sprintf(format, args...))
	}
}
