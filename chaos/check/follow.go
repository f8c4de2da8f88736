package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Follow waits until the topics are there, and reads all of them from their
// first record on as they grow, giving each committed record to add, with the
// instant it was seen at. It returns nil when ctx is done. That a partition no
// longer has its first records, or the next one, is an error, but for the
// positions: of them the owner keeps the newest only, whenever it likes.
func Follow(ctx context.Context, brokers []string, topics Topics, add func(*kgo.Record, time.Time)) error {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.ClientID("checker"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{}),
		kgo.FetchMaxWait(100*time.Millisecond),
		kgo.MetadataMinAge(100*time.Millisecond),
	)
	if err != nil {
		return fmt.Errorf("create reader: %w", err)
	}
	defer cl.Close()
	from, err := await(ctx, kadm.NewClient(cl), topics.All())
	if err != nil {
		return err
	}
	cl.AddConsumePartitions(from)
	last := make(map[place]*kgo.Record)
	for {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		seen := time.Now()
		fetches.EachRecord(func(r *kgo.Record) {
			last[place{r.Topic, r.Partition}] = r
			add(r, seen)
		})
		for _, e := range fetches.Errors() {
			if e.Topic == topics.Positions && errors.Is(e.Err, kerr.OffsetOutOfRange) {
				cl.RemoveConsumePartitions(map[string][]int32{e.Topic: {e.Partition}})
				cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{e.Topic: {e.Partition: kgo.NewOffset().AtStart()}})
				continue
			}
			after := "before the first record"
			if r := last[place{e.Topic, e.Partition}]; r != nil {
				after = fmt.Sprintf("after offset %d, written %v ago", r.Offset, seen.Sub(r.Timestamp).Round(time.Millisecond))
			}
			return fmt.Errorf("read %s/%d %s: %w", e.Topic, e.Partition, after, e.Err)
		}
	}
}

const pollTopics = 50 * time.Millisecond

// await waits for the topics to be made, and returns the first offset of each
// of their partitions: 0.
func await(ctx context.Context, adm *kadm.Client, topics []string) (map[string]map[int32]kgo.Offset, error) {
	for {
		from := make(map[string]map[int32]kgo.Offset)
		listed, err := adm.ListTopics(ctx, topics...)
		for _, t := range listed {
			for p := range t.Partitions {
				if from[t.Topic] == nil {
					from[t.Topic] = make(map[int32]kgo.Offset)
				}
				from[t.Topic][p] = kgo.NewOffset().At(0)
			}
		}
		if err == nil && len(from) == len(topics) {
			return from, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the topics: %w", errors.Join(ctx.Err(), err))
		case <-time.After(pollTopics):
		}
	}
}
