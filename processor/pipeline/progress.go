package pipeline

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// A partition that has more to read, while its broker answers, and does not
// move, is a fault that nobody has foreseen: after unreadyAfter the process
// says that it is not ready, and after exitAfter it ends, so that somebody
// starts it again. Between two looks no more than maxUnseen counts for that:
// who could not ask for longer, because the broker was away or the process was
// halted, knows nothing against the partition.
const (
	unreadyAfter = 30 * time.Second
	exitAfter    = 60 * time.Second
	maxUnseen    = 2 * endsInterval
	// settledAfter is how long a task has to be at work, where it has nothing to
	// commit, until it counts for more than one that is about to fail again.
	settledAfter = 5 * time.Second
	// tellAgain is the time between two lines about a task that only fails.
	tellAgain = time.Minute
)

// progress is how far a task has come, for those who watch it.
type progress struct {
	mu     sync.Mutex    // guards the rest
	known  bool          // whether next was ever known
	began  time.Time     // when the task came past its beginning; zero before
	proved bool          // whether it has committed something since
	failed error         // why all attempts ended since one has come to something; nil after that
	next   int64         // offset in the stage's topic: committed, in PARTITION; folded, in COUNT
	looked time.Time     // when it was last looked at
	still  time.Duration // for how long it had not moved then
}

// move says that everything before an offset has been dealt with.
func (p *progress) move(next int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.next, p.still = true, next, 0
}

// resume says that the task is past its beginning, and returns whether the
// attempt before this one came to nothing.
func (p *progress) resume(next int64) (failing bool) {
	p.move(next)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.began = time.Now()
	return p.failed != nil
}

// prove says that the task has committed something.
func (p *progress) prove() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proved = true
}

// worth says whether the attempt has come to something; mu is held.
func (p *progress) worth() bool {
	return p.proved || !p.began.IsZero() && time.Since(p.began) >= settledAfter
}

// interrupted says that the task has to begin again, and returns whether the
// attempt has come to something.
func (p *progress) interrupted(reason error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	worth := p.worth()
	p.failed = reason
	if worth {
		p.failed = nil
	}
	p.began, p.proved = time.Time{}, false
	return worth
}

// settle returns whether a task that only failed has come to something since it
// was last asked.
func (p *progress) settle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil || !p.worth() {
		return false
	}
	p.failed = nil
	return true
}

// trouble is why the task cannot be relied on; nil where it is at work.
func (p *progress) trouble() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.failed != nil:
		return fmt.Errorf("begins again and again: %w", p.failed)
	case p.began.IsZero():
		return errors.New("is being restored")
	}
	return nil
}

// touch says that something was done that moves no offset: restoring.
func (p *progress) touch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.still = 0
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
	now := time.Now()
	p.still += min(now.Sub(p.looked), maxUnseen)
	p.looked = now
	if p.known {
		lag = max(end-p.next, 0)
		if lag == 0 {
			p.still = 0
		}
	}
	return lag, p.still
}

// end is the end of a partition, as the broker knew it at an instant or later.
type end struct {
	clock  time.Time
	offset int64
}

// report tells whether the stage is ready: in the group, every task at work, and
// none of them standing still.
func (m *member) report() {
	m.mu.Lock()
	defer m.mu.Unlock()
	var unready error
	if !m.joined {
		unready = errors.New("joining the group")
		if m.refusal != nil {
			unready = fmt.Errorf("joining the group: %w", m.refusal)
		}
	}
	for p, r := range m.running {
		if r.revoked || r.ended() {
			continue
		}
		if r.task.progress.settle() {
			r.task.log.Info("at work again")
		}
		if trouble := r.task.progress.trouble(); trouble != nil {
			unready = fmt.Errorf("partition %d %w", p, trouble)
		} else if r.task.still > unreadyAfter {
			unready = fmt.Errorf("partition %d has not moved for %v", p, r.task.still.Round(time.Second))
		}
	}
	m.w.cfg.Health.Set(m.stage.name, unready)
}

// watch tells the tasks of a stage the ends of its topic, as they were at an
// instant or later, and holds them against what they can read of it: up to the
// first transaction that is open, which may be somebody else's and stay so. Its
// error is a task that stands still for good.
func (m *member) watch(clock time.Time, ends, stable map[int32]kadm.ListedOffset) error {
	defer m.report()
	m.mu.Lock()
	defer m.mu.Unlock()
	for p, r := range m.running {
		if r.revoked || r.ended() {
			continue
		}
		t := r.task
		if o, ok := ends[p]; ok && o.Err == nil {
			select {
			case t.ends <- end{clock, o.Offset}:
			default: // it has one to look at
			}
		}
		o, ok := stable[p]
		if !ok || o.Err != nil {
			continue
		}
		var lag int64
		lag, t.still = t.progress.look(o.Offset)
		m.w.metrics.lag.WithLabelValues(m.stage.name, fmt.Sprint(p)).Set(float64(lag))
		if t.still > exitAfter {
			why := ""
			if trouble := t.progress.trouble(); trouble != nil {
				why = fmt.Sprintf(" (it %v)", trouble)
			}
			return fmt.Errorf("%s partition %d has not moved for %v, with %d records to go%s: start the process again; where that does not help, the log of the broker that leads the partition may say why", m.stage.name, p, t.still.Round(time.Second), lag, why)
		}
	}
	return nil
}
