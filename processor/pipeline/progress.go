package pipeline

import (
	"fmt"
	"sync"
	"time"
)

// A partition that has more to read, while its broker answers, and does not
// move, is a fault that nobody has foreseen: after unreadyAfter the process
// says that it is not ready, and after exitAfter it ends, so that somebody
// starts it again.
const (
	unreadyAfter = 30 * time.Second
	exitAfter    = 60 * time.Second
)

// progress is how far a task has come, for those who watch it.
type progress struct {
	mu    sync.Mutex // guards the rest
	known bool
	next  int64     // offset in the stage's topic
	moved time.Time // when it last did anything
}

// move says that everything before an offset has been dealt with.
func (p *progress) move(next int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.next, p.moved = true, next, time.Now()
}

// touch says that something was done that moves no offset: restoring.
func (p *progress) touch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved = time.Now()
}

// at is the next offset; false while that is not known.
func (p *progress) at() (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next, p.known
}

// look holds the progress against the partition's end. It returns the lag, 0
// while it is not known, and for how long nothing has moved although there is
// something to do.
func (p *progress) look(end int64) (lag int64, still time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moved.IsZero() || p.known && p.next >= end {
		p.moved = time.Now()
		return 0, 0
	}
	if p.known {
		lag = end - p.next
	}
	return lag, time.Since(p.moved)
}

// end is the end of a partition, as the broker knew it at an instant or later.
type end struct {
	clock  time.Time
	offset int64
}

// watch holds the tasks of a stage against the ends of its topic.
func (m *member) watch(clock time.Time, ends map[int32]int64) error {
	m.mu.Lock()
	tasks := make(map[int32]*task, len(m.running))
	for p, r := range m.running {
		select {
		case <-r.done:
		default:
			tasks[p] = r.task
		}
	}
	m.mu.Unlock()
	var unready error
	for p, t := range tasks {
		offset, ok := ends[p]
		if !ok {
			continue
		}
		select {
		case t.ends <- end{clock, offset}:
		default: // it has one to look at
		}
		lag, still := t.progress.look(offset)
		m.w.metrics.lag.WithLabelValues(m.stage.name, fmt.Sprint(p)).Set(float64(lag))
		switch {
		case still > exitAfter:
			return fmt.Errorf("%s partition %d has not moved for %v, with %d records to go", m.stage.name, p, still.Round(time.Second), lag)
		case still > unreadyAfter:
			unready = fmt.Errorf("partition %d has not moved for %v", p, still.Round(time.Second))
		}
	}
	m.w.cfg.Health.Set(m.stage.name, unready)
	return nil
}
