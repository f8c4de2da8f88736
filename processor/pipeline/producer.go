package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// producer is a task's transactional producer. Whoever has made one last for a
// transactional id is the only one whose transactions can commit.
type producer struct{ cl *kgo.Client }

const (
	// maxBatch is the size of a produced batch, in bytes: a little less than
	// what a topic takes unasked, which existing topics may be left at.
	maxBatch = 1_000_000
	// maxDead is the same for the dead-letter topic, which is created to take
	// it: a record of the largest size that the ingestion topic takes, with
	// the headers that say why it is dead.
	maxDead = 2 << 20
)

func (cfg *Config) batchBytes(topic string) int32 {
	if topic == cfg.Topics.Dead {
		return maxDead
	}
	return maxBatch
}

// fence makes the producer of a transactional id. When it returns without an
// error, whatever transaction an earlier owner had open is aborted, and
// whatever an earlier owner tries later fails.
func (cfg *Config) fence(ctx context.Context, stage, id string) (*producer, error) {
	cl, err := kgo.NewClient(append(cfg.clientOptions(stage),
		kgo.TransactionalID(id),
		kgo.TransactionTimeout(transactionTimeout),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytesFn(cfg.batchBytes),
		kgo.ProducerLinger(0), // what is ready is all there is
		// The public topics' readers in other languages know no snappy, and
		// packed ids gain little from any other.
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.MaxBufferedRecords(8*partRecords), // a part is bounded by its plan
		kgo.RecordDeliveryTimeout(commitTimeout),
	)...)
	if err != nil {
		return nil, fmt.Errorf("create producer %s: %w", id, err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if _, _, err := cl.ProducerID(ctx); err != nil {
		cl.Close()
		return nil, fmt.Errorf("fence %s: %w", id, err)
	}
	return &producer{cl}, nil
}

// close drops the producer, with whatever it has open.
func (p *producer) close() { p.cl.Close() }

// errNotCommitted says that a transaction has not surely been committed: it
// was refused, aborted, or its end is unknown. The producer must be dropped,
// and with it everything that rests on the transaction.
var errNotCommitted = errors.New("transaction not committed")

// commit writes records in one transaction: all of them or none. Without an
// error, they are committed. It is not cancelled with ctx, as that would leave
// the outcome open for nothing; it is bounded by commitTimeout.
func (p *producer) commit(ctx context.Context, records []*kgo.Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := p.cl.BeginTransaction(); err != nil {
		return fmt.Errorf("begin transaction: %w: %w", errNotCommitted, err)
	}
	var first firstError
	now := time.Now() // once, not for each record
	for _, r := range records {
		if r.Timestamp.IsZero() {
			r.Timestamp = now
		}
		p.cl.Produce(ctx, r, first.promise)
	}
	if err := p.cl.Flush(ctx); err != nil {
		first.set(err)
	}
	if err := first.get(); err != nil {
		return fmt.Errorf("write transaction: %w: %w", errNotCommitted, err)
	}
	if err := p.cl.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("end transaction: %w: %w", errNotCommitted, err)
	}
	return nil
}

// firstError keeps the first error of several goroutines.
type firstError struct {
	mu  sync.Mutex // guards err
	err error
}

func (f *firstError) promise(r *kgo.Record, err error) {
	if err != nil && f.get() == nil { // of very many records, all may fail
		f.set(fmt.Errorf("%s/%d: %w", r.Topic, r.Partition, err))
	}
}

func (f *firstError) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// clientOptions are those of every client of the processor.
func (c *Config) clientOptions(part string) []kgo.Opt {
	id := "distributed-counter"
	if c.Member != "" {
		id += "-" + c.Member
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(id + "-" + part),
		kgo.MetadataMaxAge(metadataMaxAge),
		kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.RetryTimeout(requestTimeout),
		kgo.RequestTimeoutOverhead(requestTimeout),
	}
	return append(opts, c.Client...)
}
