package api

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// newClient makes the one producer: idempotent, so that its own retries add no
// like, and acknowledged by all in-sync replicas.
//
// Within a deadline it must be possible to find out that a connection is dead,
// after a freeze of minutes, say, and to use another. So an answer is waited
// for no longer than half of it.
func (p *producer) newClient() (*kgo.Client, error) {
	const shortest = 100 * time.Millisecond // the client's own lower bound
	quarter := max(p.cfg.Deadline/4, shortest)
	opts := []kgo.Opt{
		kgo.SeedBrokers(p.cfg.Brokers...),
		kgo.ClientID("distributed-counter-api"),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		// Other programs read this topic, and Python's readers crash on the
		// client's default compression.
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		// Likes have no key. Each batch goes to the partition with the
		// fewest likes waiting, at random among equals, so one whose leader
		// is away holds up few.
		kgo.RecordPartitioner(kgo.LeastBackupPartitioner()),
		// No wait for company: while a request is on its way, the next batch
		// gathers by itself. A linger of 1 ms made likes slower at every load
		// that was measured, from 1 to 256 at once.
		kgo.ProducerLinger(0),
		// A like whose time is over is not sent again, even if it may have
		// been sent: its request is answered 503, and a repetition after that
		// would count what the viewer believes lost.
		kgo.AllowIdempotentProduceCancellation(),
		// Twice the requests in flight: likes that were given up may still
		// wait for their end here.
		kgo.MaxBufferedRecords(2 * p.cfg.InFlight),
		kgo.ProduceRequestTimeout(quarter),
		kgo.RequestTimeoutOverhead(quarter),
		kgo.DialTimeout(quarter),
		kgo.RetryBackoffFn(func(tries int) time.Duration { return backoff(tries, quarter) }),
		// New partitions and a topic that comes late are seen soon.
		kgo.MetadataMinAge(max(quarter/4, 10*time.Millisecond)),
		kgo.MetadataMaxAge(10 * time.Second),
		kgo.DisableClientMetrics(), // those of the API are enough
		kgo.WithHooks(p.dial),
	}
	client, err := kgo.NewClient(append(opts, p.cfg.Kafka...)...)
	if err != nil {
		return nil, fmt.Errorf("make Kafka client: %w", err)
	}
	return client, nil
}

// backoff doubles from 50 ms up to a quarter of the deadline, so that a like
// that waits when Kafka returns is sent before its time is over.
func backoff(tries int, most time.Duration) time.Duration {
	const first = 50 * time.Millisecond
	return min(first<<min(max(tries-1, 0), 10), most)
}

// Warm opens the connections that the first like needs. It is never needed:
// it spares that like a few round trips. It returns nil where ctx ended first.
func (a *API) Warm(ctx context.Context) error {
	a.producer.mu.Lock()
	client := a.producer.client
	a.producer.mu.Unlock()
	err := client.EnsureProduceConnectionIsOpen(ctx, -1)
	if err == nil {
		_, _, err = client.ProducerID(ctx)
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("open connections to Kafka: %w", err)
	}
	return nil
}

// dialWatch knows how the last attempt to connect ended: a like that runs out
// of time does not, and "connection refused" is what an operator looks for.
type dialWatch struct {
	mu   sync.Mutex // guards last
	last string
}

// OnBrokerConnect is called by the Kafka client.
func (d *dialWatch) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = "established"
	if err != nil {
		d.last = err.Error()
	}
}

func (d *dialWatch) state() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == "" {
		return "none tried"
	}
	return d.last
}
