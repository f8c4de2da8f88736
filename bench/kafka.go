package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// names are the topics of one run.
type names struct {
	ingestion, log, live, dead string
	final                      [len(windows)]string
	group                      string
}

func namesOf(run string) names {
	n := names{ingestion: run, log: run + "-log", live: run + "-live", dead: run + "-dead", group: run}
	for i, minutes := range windows {
		n.final[i] = fmt.Sprintf("%s-final-%d", run, minutes)
	}
	return n
}

func (n names) all() []string {
	return append([]string{n.ingestion, n.ingestion + "-positions", n.log, n.log + "-changelog", n.live, n.dead}, n.final[:]...)
}

// load creates the ingestion topic of a run and fills it.
func load(ctx context.Context, o options, w *workload, topic string) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(o.broker),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerBatchMaxBytes(16<<10),
		kgo.ProducerLinger(20*time.Millisecond),
		kgo.MaxBufferedRecords(200_000))
	if err != nil {
		return err
	}
	defer cl.Close()
	createTime := "CreateTime"
	if _, err := kadm.NewClient(cl).CreateTopic(ctx, int32(o.parts), 1, map[string]*string{"message.timestamp.type": &createTime}, topic); err != nil {
		return fmt.Errorf("create %s: %w", topic, err)
	}
	var mu sync.Mutex
	var failed error
	err = w.each(func(i int, at time.Time, id []byte) error {
		cl.Produce(ctx, &kgo.Record{Topic: topic, Partition: int32(i % o.parts), Timestamp: at, Value: id}, func(_ *kgo.Record, err error) {
			if err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
		return ctx.Err()
	})
	if err := cl.Flush(ctx); err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	if failed != nil {
		return fmt.Errorf("load %s: %w", topic, failed)
	}
	return err
}

// drop deletes the topics of a run.
func drop(o options, n names) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(o.broker))
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err = kadm.NewClient(cl).DeleteTopics(ctx, n.all()...)
	return err
}
