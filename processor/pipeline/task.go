package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/processor/window"
)

// stage is one of the two stages: what its tasks do, and how the group deals
// out its partitions.
type stage struct {
	name  string // in logs and metrics
	group string
	topic string // the topic whose partitions are dealt out
	// attempt is a task's work from the fence on. It returns when ctx is done,
	// or with what made going on impossible.
	attempt func(ctx context.Context, t *task) error
}

// task is the work on one partition in one stage, for as long as the group
// gives it to this process. Its fields are set by its own goroutine, but for
// what progress guards.
type task struct {
	w         *worker
	stage     *stage
	partition int32
	log       *slog.Logger
	progress  progress
	ends      chan end      // one that has not been looked at yet; others are dropped meanwhile
	report    func()        // tells the member that something has changed
	still     time.Duration // for how long it has stood still; the member's
}

// stopError ends the process: to try again would change nothing. Its text says
// what to do.
type stopError struct{ text string }

func (e *stopError) Error() string { return e.text }

func stopf(format string, args ...any) error { return &stopError{fmt.Sprintf(format, args...)} }

// run works until ctx is done, which is no error. What interrupts the work is
// repaired by beginning again, from what is true in Kafka: no cached offset is
// trusted. Before each attempt but the first the group is asked whether the
// partition is still ours; a member that it does not know any more goes on
// asking until it is given an assignment, or the partition is taken away.
func (t *task) run(ctx context.Context, ask func(context.Context) error) error {
	backoff := minBackoff
	var told time.Time
	for {
		began := time.Now()
		err := t.stage.attempt(ctx, t)
		if ctx.Err() != nil {
			return nil
		}
		if stop := (*stopError)(nil); errors.As(err, &stop) {
			return fmt.Errorf("%s partition %d: %w", t.stage.name, t.partition, err)
		}
		t.w.metrics.interrupted.WithLabelValues(t.stage.name).Inc()
		// An outage is told once, and then now and then: what follows are
		// attempts that come to nothing.
		level := slog.LevelDebug
		if t.progress.interrupted(err) {
			backoff, told = minBackoff, time.Time{}
		}
		if time.Since(told) >= tellAgain {
			level, told = slog.LevelWarn, time.Now()
		}
		t.log.Log(ctx, level, "task interrupted, beginning again", "after", time.Since(began).Round(time.Millisecond), "reason", err)
		for {
			if !sleep(ctx, backoff) {
				return nil
			}
			backoff = min(2*backoff, maxBackoff)
			if err = ask(ctx); err == nil {
				break
			}
			t.log.Debug("asked the group", "answer", err)
		}
	}
}

// resume says that the task is at work from an offset of its topic on.
func (t *task) resume(what string, from int64) {
	level := slog.LevelInfo
	if t.progress.resume(from) {
		level = slog.LevelDebug // until it has come to something
	}
	t.report()
	t.log.Log(context.Background(), level, what, "from", from)
}

// sleep waits, and says whether it was not interrupted.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// The keys of the records that are no video's begin with a byte that no video
// id can have.
var (
	positionKey = []byte{0, 'p'}
	barrierKey  = []byte{0, 'b'}
)

// fence is what both stages start with. It fences the task's transactional id
// and commits a barrier to the partition that holds the task's position. Once
// that partition is read up to the barrier, everything that was ever committed
// there is known, without arithmetic on end offsets, control records or
// compaction, and nobody but us can add to it. The caller closes the producer.
func (t *task) fence(ctx context.Context, topic string) (*producer, *kgo.Record, error) {
	p, err := t.w.cfg.fence(ctx, t.stage.name, fmt.Sprintf("%s/%d", topic, t.partition))
	if err != nil {
		return nil, nil, err
	}
	barrier := &kgo.Record{Topic: topic, Partition: t.partition, Key: barrierKey}
	if err := p.commit(ctx, []*kgo.Record{barrier}); err != nil {
		p.close()
		return nil, nil, fmt.Errorf("commit barrier: %w", err)
	}
	return p, barrier, nil
}

// stillOurs commits one more barrier: without an error, nobody has fenced the
// producer, and all that is true of the partition is what we have made of it.
// Whoever is about to stop the process asks this first, as to one who was fenced
// the world may look as if something was lost.
func (t *task) stillOurs(ctx context.Context, p *producer, topic string) error {
	return p.commit(ctx, []*kgo.Record{{Topic: topic, Partition: t.partition, Key: barrierKey}})
}

// readTo reads a partition from an offset up to the barrier, and calls see for
// each record before it that is no barrier.
func (t *task) readTo(ctx context.Context, barrier *kgo.Record, from kgo.Offset, see func(*kgo.Record) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read %s/%d up to the barrier: %w", barrier.Topic, barrier.Partition, err)
		}
	}()
	sub := t.w.reader.subscribe(barrier.Topic, t.partition, from)
	defer sub.close()
	for {
		f, err := sub.next(ctx)
		if err != nil {
			return err
		}
		t.progress.touch()
		for _, r := range f.records {
			switch {
			case r.Offset == barrier.Offset && !r.Attrs.IsControl():
				return nil
			case r.Offset > barrier.Offset:
				return fmt.Errorf("offset %d came, the barrier at %d did not: %w", r.Offset, barrier.Offset, errNotCommitted)
			case r.Attrs.IsControl(), string(r.Key) == string(barrierKey):
			default:
				if err := see(r); err != nil {
					return err
				}
			}
		}
		if f.err != nil {
			return f.err
		}
	}
}

// checkIdentity holds what a position says it belongs to against what this
// processor would write.
func checkIdentity(got, want window.Identity, topic string, partition int32) error {
	at := fmt.Sprintf("the position in %s/%d", topic, partition)
	switch {
	case got.Group != want.Group:
		return stopf("%s was written by group %q, this processor is of group %q: set KAFKA_GROUP_ID_FOR_WORKER to %q, or give it topics of its own", at, got.Group, want.Group, got.Group)
	case got.Pane != want.Pane:
		return stopf("%s counts in panes of %v, this processor is set to %v: set COUNTER_PANE=%v, or give it topics of its own", at, got.Pane, want.Pane, got.Pane)
	case got.From != want.From, got.To != want.To:
		return stopf("%s belongs to topics that were deleted and created again since: delete the topics %s and the one it follows together, or restore them", at, topic)
	}
	return nil
}

// offset asks the broker for an offset of the task's partition of a topic, by
// kadm's ListStartOffsets or one of its sisters.
func (t *task) offset(ctx context.Context, list func(context.Context, ...string) (kadm.ListedOffsets, error), topic string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	listed, err := list(ctx, topic)
	if err != nil {
		return 0, fmt.Errorf("list offsets of %s: %w", topic, err)
	}
	o, ok := listed.Lookup(topic, t.partition)
	if !ok {
		return 0, fmt.Errorf("list offsets of %s: no partition %d", topic, t.partition)
	}
	return o.Offset, o.Err
}

// deleteBefore deletes a partition's records below an offset, in the
// background: what fails now is deleted with the next call. A permission that is
// missing is told once per topic, since the topic grows until somebody knows.
func (t *task) deleteBefore(ctx context.Context, topic string, offset int64) {
	t.w.background(func() {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		var below kadm.Offsets
		below.AddOffset(topic, t.partition, offset, -1)
		deleted, err := t.w.admin.DeleteRecords(ctx, below)
		if err == nil {
			err = deleted.Error()
		}
		if errors.Is(err, kerr.TopicAuthorizationFailed) {
			if _, told := t.w.undeletable.LoadOrStore(topic, true); !told {
				t.log.Warn("old records of a topic may not be deleted, it only grows: allow this user to Delete it", "topic", topic, "reason", err)
			}
		} else if err != nil && ctx.Err() == nil {
			t.log.Debug("delete old records", "topic", topic, "below", offset, "err", err)
		}
	})
}
