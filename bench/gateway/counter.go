package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/bench/program"
	"distributed-counter/likes"
)

// partitions of the ingestion topic and the log.
const partitions = 3

// counter is what stands before every contestant: a processor that counts the
// likes of a run, on topics of the run's own.
type counter struct {
	env       []string // the names of the topics, and where Kafka is
	topics    likes.Topics
	dir       string
	client    *kgo.Client
	processor *program.Program

	records atomic.Int64 // running counts that were there to be read
}

// startCounter starts a processor, and waits until it counts. Its panes are so
// long that no window closes in a run: the reference knows running counts only.
func startCounter(ctx context.Context, o options, who string) (k *counter, err error) {
	prefix := fmt.Sprintf("bench-gateway-%d-%s-", os.Getpid(), who)
	k = &counter{topics: likes.Topics{Ingestion: prefix + "likes", Log: prefix + "log", Live: prefix + "live", Dead: prefix + "dead"}}
	k.env = []string{
		"KAFKA_BROKERS=" + o.broker, "KAFKA_GROUP_ID_FOR_WORKER=" + prefix + "group", "COUNTER_PANE=1h",
		"VIDEO_EVENTS_INGESTION_TOPIC_NAME=" + k.topics.Ingestion, fmt.Sprint("VIDEO_EVENTS_INGESTION_TOPIC_PARTITIONS=", partitions),
		"VIDEO_EVENTS_REPARTITIONED_TOPIC_NAME=" + k.topics.Log, fmt.Sprint("VIDEO_EVENTS_REPARTITIONED_TOPIC_PARTITIONS=", partitions),
		"VIDEO_LIKES_LIVE_TOPIC_NAME=" + k.topics.Live, "VIDEO_CLICKS_DEAD_TOPIC_NAME=" + k.topics.Dead,
	}
	for i, w := range likes.Windows {
		k.topics.Aggregations[i] = prefix + w.Name
		k.env = append(k.env, fmt.Sprintf("LIKES_%d_MIN_AGGREGATION_TOPIC_NAME=%s", w.Panes, k.topics.Aggregations[i]))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.stop(ctx))
		}
	}()
	if k.dir, err = os.MkdirTemp("", "bench-gateway-"); err != nil {
		return k, err
	}
	if k.client, err = kgo.NewClient(kgo.SeedBrokers(o.broker), kgo.ProducerLinger(0),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression())); err != nil {
		return k, err
	}
	if k.processor, err = program.Start(ctx, program.Config{
		Path: o.processor, Log: filepath.Join(k.dir, "log"),
		Env: append([]string{"COUNTER_DATA_DIR=" + filepath.Join(k.dir, "data")}, k.env...),
	}); err != nil {
		return k, err
	}
	_, err = k.processor.Ready(ctx)
	return k, err
}

// follow reads the running counts until ctx ends: it counts them, and hands
// them to who does not read Kafka itself.
func (k *counter) follow(ctx context.Context, o options, take func(value []byte)) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(o.broker), kgo.ConsumeTopics(k.topics.Live),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return err
	}
	defer cl.Close()
	for ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			k.records.Add(1)
			if take != nil {
				take(r.Value)
			}
		})
	}
	return nil
}

// stop ends the processor, and deletes what the run has left.
func (k *counter) stop(ctx context.Context) (err error) {
	if k.processor != nil {
		_, err = k.processor.Stop()
	}
	if k.client != nil {
		t := k.topics
		all := append([]string{t.Ingestion, t.Ingestion + "-positions", t.Log, t.Log + "-changelog", t.Live, t.Dead}, t.Aggregations[:]...)
		if _, e := kadm.NewClient(k.client).DeleteTopics(context.WithoutCancel(ctx), all...); e != nil {
			err = errors.Join(err, fmt.Errorf("delete topics: %w", e))
		}
		k.client.Close()
	}
	return errors.Join(err, os.RemoveAll(k.dir))
}
