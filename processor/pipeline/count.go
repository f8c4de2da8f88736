package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// count is COUNT's attempt: it restores, and then leads. It folds the log all
// the time; publications and running counts go out in transactions between
// which, and during which, folding goes on.
func (w *worker) count(ctx context.Context, t *task) (err error) {
	r, err := t.restore(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, r.close()); errors.Is(err, state.ErrDamaged) {
			// The damage may lie where opening does not look: what is left must
			// not be found again.
			err = errors.Join(err, w.cfg.Stores.Destroy(int(t.partition)))
		}
	}()
	// Running counts of a log that has not been read again to where it was
	// would be less than what was announced before.
	announceFrom, err := t.offset(ctx, w.admin.ListCommittedOffsets, w.cfg.Topics.Log)
	if err != nil {
		return err
	}
	c := &countRun{
		task: t, restored: r,
		counter:      window.NewCounter(r.position),
		announceFrom: announceFrom, tidyTo: r.position.Replay,
	}
	t.resume("counting", r.position.Replay)
	return c.lead(ctx)
}

// countRun is COUNT at work.
type countRun struct {
	*task
	*restored
	counter *window.Counter
	logs    *subscription

	folded       int64 // log offset before which all is folded, control records too
	announceFrom int64 // no running counts before this offset is folded
	announceDue  bool

	ending chan error   // the transaction under way; nil while there is none
	part   *window.Part // what it publishes; nil for running counts alone
	last   *kgo.Record  // the part's position record
	began  time.Time    // when the transaction began
	batch  state.Batch

	tidyTo int64     // the position's Replay at the last tidying: below it the log is deleted at the next
	tidied time.Time // when that was
}

func (c *countRun) lead(ctx context.Context) error {
	c.logs = c.w.reader.subscribe(c.w.cfg.Topics.Log, c.partition, kgo.NewOffset().At(c.position.Replay))
	defer c.logs.close()
	tick := time.NewTicker(c.w.cfg.LiveInterval)
	defer tick.Stop()
	for {
		if c.ending == nil {
			if err := c.write(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return c.finish(ctx)
		case <-c.w.reader.done:
			return c.finish(ctx)
		case <-c.logs.ready:
			if err := c.fold(); errors.Is(err, kerr.OffsetOutOfRange) {
				return c.deletedUnread(ctx)
			} else if err != nil {
				return errors.Join(err, c.finish(ctx))
			}
		case err := <-c.ending:
			if err := c.ended(ctx, err); err != nil {
				return err
			}
		case <-tick.C:
			c.announceDue = true
		}
	}
}

// fold folds one fetch of the log.
func (c *countRun) fold() error {
	topic := c.w.cfg.Topics.Log
	f := c.logs.take()
	var sum window.Folded
	for _, rec := range f.records {
		c.folded = rec.Offset + 1
		if rec.Attrs.IsControl() {
			continue
		}
		folded, err := c.counter.Fold(rec.Offset, rec.Value)
		if errors.Is(err, window.ErrGap) {
			return stopf("%s/%d: %v: part of the topic was lost, or %s was deleted and its tasks began elsewhere: restore what is missing, or delete %s, %s and %s together to count anew",
				topic, c.partition, err, c.w.cfg.Topics.Positions, topic, c.w.cfg.Topics.Changelog, c.w.cfg.Topics.Positions)
		}
		if err != nil {
			return c.foreign(topic, rec, err)
		}
		sum.Likes += folded.Likes
		sum.Late += folded.Late
	}
	if len(f.records) > 0 {
		c.w.metrics.counted.Add(float64(sum.Likes))
		c.w.metrics.late.Add(float64(sum.Late))
		c.progress.move(c.folded)
	}
	return c.logs.failed(f)
}

// deletedUnread is the end when the log no longer has what is to be read next.
// Somebody who has fenced us may have published it and deleted it since: then
// there is nothing wrong, and we begin again. Only for who still leads it is
// lost.
func (c *countRun) deletedUnread(ctx context.Context) error {
	if err := c.finish(ctx); err != nil {
		return err
	}
	if err := c.stillOurs(ctx, c.producer, c.w.cfg.Topics.Changelog); err != nil {
		return fmt.Errorf("the log was deleted up to a later offset than %d: %w", c.counter.Next(), err)
	}
	return stopf("%s/%d no longer has offset %d, from which unpublished likes have to be read: restore the topic; what it held is lost otherwise", c.w.cfg.Topics.Log, c.partition, c.counter.Next())
}

// write begins a transaction where there is something to write: what is due
// first, but running counts between its parts.
func (c *countRun) write(ctx context.Context) error {
	if c.announceDue && c.folded >= c.announceFrom && c.counter.Waiting() {
		c.announceDue = false
		limit := max(1, int(int64(c.w.cfg.LiveBudget)*c.w.cfg.LiveInterval.Nanoseconds()/int64(time.Second)))
		running, err := c.counter.Announce(c.store, limit)
		if err != nil {
			return fmt.Errorf("announce: %w", err)
		}
		if len(running) > 0 {
			c.commit(ctx, c.liveRecords(nil, running))
			return nil
		}
	}
	if c.folded < c.announceFrom && c.counter.DuePanes() < replayPanes {
		return nil // a publication carries running counts, too
	}
	part, err := c.counter.Plan(c.store, cmp.Or(c.w.cfg.PartRecords, partRecords))
	if err != nil || part == nil {
		return err
	}
	c.part = part
	records := c.partRecords(part)
	c.last = records[len(records)-1]
	c.commit(ctx, records)
	return nil
}

func (c *countRun) commit(ctx context.Context, records []*kgo.Record) {
	c.began = time.Now()
	ending := make(chan error, 1)
	c.ending = ending
	go func() { ending <- c.producer.commit(ctx, records) }()
}

// ended looks at the end of a transaction. Only now, after a sure commit, does
// the store learn what was published: it is never ahead of Kafka.
func (c *countRun) ended(ctx context.Context, err error) error {
	c.ending = nil
	part := c.part
	c.part = nil
	if err != nil {
		return err
	}
	c.progress.prove()
	c.w.metrics.committed(c.stage.name, time.Since(c.began))
	if part == nil {
		return nil
	}
	c.batch.Reset()
	for i := range part.Values {
		c.batch.Publish(part.Values[i].ID, &part.Values[i].Video, part.Pane)
	}
	c.batch.SetHead(state.Head{Position: part.Position, HasPosition: true, Changelog: c.last.Offset + 1})
	if err := c.store.Apply(&c.batch); err != nil {
		return fmt.Errorf("apply publication: %w", err)
	}
	c.counter.Apply(part)
	c.w.metrics.published.Add(float64(len(part.Finals)))
	c.tidy(ctx)
	return nil
}

// tidy deletes, once in the length of a pane, what of the log nobody needs for
// a replay any more. It lags behind by that long: with nothing to publish a
// replay begins at the log's end, and who else reads the log as it grows would
// find the newest record deleted before it was there.
func (c *countRun) tidy(ctx context.Context) {
	if time.Since(c.tidied) < c.w.cfg.Pane {
		return
	}
	c.deleteBefore(ctx, c.w.cfg.Topics.Log, c.tidyTo)
	c.tidyTo, c.tidied = c.counter.Position().Replay, time.Now()
}

// finish waits for the transaction under way, so that a clean stop leaves a
// store that has all that was published.
func (c *countRun) finish(ctx context.Context) error {
	if c.ending == nil {
		return nil
	}
	return c.ended(ctx, <-c.ending)
}
