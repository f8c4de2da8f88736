package feed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

const (
	lookEvery           = 5 * time.Second // at the topics, and whether Kafka answers
	fetchWait           = 250 * time.Millisecond
	fetchBytes          = 8 << 20 // of one answer of a broker
	fetchPartitionBytes = 1 << 20 // of one partition in it
)

// session reads with one client, until ctx is done, the topics change, or the
// client has an error that it cannot mend by itself.
func (f *Feed) session(ctx context.Context) error {
	client, err := kgo.NewClient(f.options()...)
	if err != nil {
		return fmt.Errorf("make Kafka client: %w", err)
	}
	defer client.Close()
	kafka := kadm.NewClient(client)
	p, err := f.plan(ctx, kafka)
	if err != nil {
		return err
	}
	f.adopt(p)
	f.metrics.up.Set(1)
	f.progress(p.until)
	client.AddConsumePartitions(f.consume())
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return f.poll(ctx, client, p.until) })
	both.Go(func() error { return f.watch(ctx, kafka, p.layout) })
	return both.Wait()
}

func (f *Feed) options() []kgo.Opt {
	return append([]kgo.Opt{
		kgo.SeedBrokers(f.cfg.Brokers...),
		kgo.ClientID("distributed-counter-gateway"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// The end of a partition is often a transaction's, not a count's.
		kgo.KeepControlRecords(),
		// Only what retention or a loss of data took away makes it reset; to
		// repeat records does no harm.
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{}),
		// A partition whose offset is known a moment after the others' waits
		// for a fetch of these that has begun.
		kgo.FetchMaxWait(fetchWait),
		kgo.FetchMaxBytes(fetchBytes),
		kgo.FetchMaxPartitionBytes(fetchPartitionBytes),
		kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.MetadataMaxAge(10 * time.Second),
		kgo.DialTimeout(requestTimeout),
		kgo.RequestTimeoutOverhead(requestTimeout),
		kgo.RetryBackoffFn(func(tries int) time.Duration {
			return min(firstBackoff<<min(max(tries-1, 0), 10), lastBackoff)
		}),
		kgo.DisableClientMetrics(),
	}, f.cfg.Kafka...)
}

// poll takes records until ctx is done.
func (f *Feed) poll(ctx context.Context, client *kgo.Client, until map[partition]int64) error {
	for {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			for _, r := range p.Records {
				f.take(r)
				f.next[partition{r.Topic, r.Partition}] = r.Offset + 1
			}
		})
		f.tell()
		f.progress(until)
		var failed error
		fetches.EachError(func(topic string, n int32, err error) {
			if lost := (*kgo.ErrDataLoss)(nil); !errors.As(err, &lost) { // the client has reset by itself
				failed = fmt.Errorf("read %s/%d: %w", topic, n, err)
			}
		})
		if failed != nil {
			return failed
		}
	}
}

// progress drops from until what has been read, and says so when that was all.
func (f *Feed) progress(until map[partition]int64) {
	if f.caughtUp {
		return
	}
	maps.DeleteFunc(until, func(at partition, end int64) bool { return f.next[at] >= end })
	if len(until) > 0 {
		f.cfg.Health.NotReady(fmt.Sprintf("reading counts: %d partitions to go", len(until)))
		return
	}
	f.caughtUp = true
	f.cfg.Audience.CaughtUp()
	f.cfg.Health.Ready()
	f.cfg.Log.Info("all counts are read", "videos", f.Videos())
	select {
	case <-f.ready:
	default:
		close(f.ready)
	}
}

// watch looks at the topics now and then: the client would not notice that one
// was deleted and made anew, and says nothing while Kafka is away.
func (f *Feed) watch(ctx context.Context, kafka *kadm.Client, known layout) error {
	away := false
	for pause(ctx, lookEvery) {
		now, err := f.look(ctx, kafka)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil && !maps.Equal(now, known):
			return errTopicsChanged
		case err != nil && !away:
			f.metrics.up.Set(0)
			f.cfg.Log.Warn("Kafka is away: counts stand still", "reason", err)
		case err == nil && away:
			f.metrics.up.Set(1)
			f.cfg.Log.Info("Kafka is back")
		}
		away = err != nil
	}
	return nil
}
