package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/processor/window"
)

// partition is PARTITION's attempt: it finds its position, and reads likes
// from there. Likes are summed in memory; a transaction is opened only to
// write and commit what is ready, because while it is open nobody can read
// past it in the log.
func (w *worker) partition(ctx context.Context, t *task) error {
	producer, pos, err := t.sourcePosition(ctx)
	if err != nil {
		return err
	}
	defer producer.close()
	r := &partitionRun{
		task:     t,
		producer: producer,
		source: window.NewSource(window.SourceConfig{
			Source: int(t.partition), Partitions: w.cfg.LogPartitions, Grace: w.cfg.Grace,
		}, pos),
	}
	t.resume("reading likes", pos.Next)
	if w.cfg.Dev && t.partition == 0 {
		creating, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { defer close(done); t.createLikes(creating) }()
		defer func() { stop(); <-done }()
	}
	for {
		err := r.read(ctx)
		if !errors.Is(err, kerr.OffsetOutOfRange) {
			return err
		}
		if err := r.skipDeleted(ctx); err != nil {
			return err
		}
	}
}

// partitionRun is PARTITION at work.
type partitionRun struct {
	*task
	producer *producer
	source   *window.Source
	sub      *subscription
	rest     []*kgo.Record // of the last fetch, still to be added
	seen     end           // the partition's end that position has to reach for the clock to count

	dead      []*kgo.Record
	deadBytes int

	ending   chan error  // the transaction under way; nil while there is none
	position *kgo.Record // the position in it, or in the last one
	next     int64       // the source offset that it says
	began    time.Time   // when it began
	tidied   time.Time   // when old positions were last deleted
}

// tidyInterval is how often positions that a newer one has replaced are
// deleted.
const tidyInterval = time.Minute

func (r *partitionRun) read(ctx context.Context) (err error) {
	topic := r.w.cfg.Topics.Ingestion
	r.sub = r.w.reader.subscribe(topic, r.partition, kgo.NewOffset().At(r.source.Next()))
	defer r.sub.close()
	r.rest = nil
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if r.ending == nil && (r.source.Dirty() || len(r.dead) > 0) {
			if wait := time.Until(r.began.Add(r.w.cfg.CommitInterval)); wait <= 0 || r.full() {
				r.commit(ctx)
			} else {
				timer.Reset(wait)
			}
		}
		ready := r.sub.ready
		if r.full() {
			ready = nil // until the transaction under way has ended
		}
		select {
		case <-ctx.Done():
			return r.finish(ctx)
		case <-ready:
			if err := r.fetch(); err != nil {
				if end := r.finish(ctx); end != nil {
					return end
				}
				return err
			}
		case err := <-r.ending:
			if err := r.ended(ctx, err); err != nil {
				return err
			}
		case e := <-r.ends:
			if r.seen.clock.IsZero() {
				r.seen = e
			}
			r.idle()
		case <-timer.C:
		case <-r.w.reader.done:
			return r.finish(ctx)
		}
	}
}

// full says that no more likes may be added before what there is was flushed.
func (r *partitionRun) full() bool {
	return r.source.Full() || r.deadBytes >= maxDeadBytes
}

// fetch adds what there is to add, the rest of the last fetch before another.
func (r *partitionRun) fetch() error {
	if len(r.rest) > 0 {
		r.add(nil)
		r.sub.signal()
		return nil
	}
	f := r.sub.take()
	r.add(f.records)
	return r.sub.failed(f)
}

func (r *partitionRun) add(records []*kgo.Record) {
	r.rest = append(r.rest, records...)
	now := time.Now()
	ms, likes := now.UnixMilli(), 0
	for len(r.rest) > 0 && !r.full() {
		rec := r.rest[0]
		r.rest = r.rest[1:]
		if rec.Attrs.IsControl() {
			r.source.Skip(rec.Offset)
			continue
		}
		// An event time that a broker gave is taken as it is. Any other may be
		// a client's invention, and is not believed when it is in the future.
		at := rec.Timestamp.UnixMilli()
		if rec.Attrs.TimestampType() != appendTime && at > ms {
			if at > ms+maxAhead.Milliseconds() {
				r.w.metrics.ahead.Inc()
			}
			at = ms
		}
		if err := r.source.Add(rec.Offset, at, rec.Value); err != nil {
			r.bury(rec, err)
			continue
		}
		likes++
	}
	r.w.metrics.read.Add(float64(likes))
	r.idle()
}

const (
	// appendTime is the timestamp type of a record whose broker gave the time.
	appendTime = 1
	// maxAhead is how far a timestamp may be ahead of our clock before a
	// metric counts it.
	maxAhead = 5 * time.Second
)

// idle takes the clock for the watermark, once the end that the partition had
// then, or later, has been reached. What matters is having caught up: silence
// alone may be a broker that is away.
func (r *partitionRun) idle() {
	if r.seen.clock.IsZero() || r.source.Next() < r.seen.offset {
		return
	}
	r.source.Idle(r.seen.clock.Add(-r.w.cfg.IdleAfter).UnixMilli())
	r.seen = end{}
}

// commit begins the transaction that writes what was added.
func (r *partitionRun) commit(ctx context.Context) {
	r.began = time.Now()
	flush := r.source.Flush(int(r.w.sources.Load()))
	records := r.dead
	for p, batches := range flush.Batches {
		for _, b := range batches {
			records = append(records, &kgo.Record{Topic: r.w.cfg.Topics.Log, Partition: int32(p), Value: b})
		}
	}
	r.position, r.next = r.positionRecord(flush.Position), flush.Position.Next
	records = append(records, r.position)
	r.dead, r.deadBytes = nil, 0
	ending := make(chan error, 1)
	r.ending = ending
	go func() {
		err := r.producer.commit(ctx, records)
		if err == nil {
			r.w.metrics.committed(r.stage.name, time.Since(r.began))
		}
		ending <- err
	}()
	r.sub.signal() // there is room again
}

// ended looks at the end of a transaction.
func (r *partitionRun) ended(ctx context.Context, err error) error {
	r.ending = nil
	if err != nil {
		return err
	}
	r.progress.prove()
	r.progress.move(r.next)
	if time.Since(r.tidied) >= tidyInterval {
		r.tidied = time.Now()
		r.deleteBefore(ctx, r.w.cfg.Topics.Positions, r.position.Offset)
	}
	return nil
}

// finish waits for the transaction under way.
func (r *partitionRun) finish(ctx context.Context) error {
	if r.ending == nil {
		return nil
	}
	return r.ended(ctx, <-r.ending)
}

// skipDeleted goes on at the partition's start when likes were deleted before
// they were read.
func (r *partitionRun) skipDeleted(ctx context.Context) error {
	topic := r.w.cfg.Topics.Ingestion
	start, err := r.offset(ctx, r.w.admin.ListStartOffsets, topic)
	if err != nil {
		return err
	}
	next := r.source.Next()
	if start <= next {
		return stopf("%s/%d ends before offset %d, up to which its likes are counted: the broker has lost records; restore the topic, or give the processor topics of its own", topic, r.partition, next)
	}
	r.log.Error("likes were deleted before they were counted: the topic's retention is shorter than the processor was away", "topic", topic, "from", next, "to", start)
	r.w.metrics.lost.Add(float64(start - next))
	r.source.Skip(start - 1)
	return nil
}
