package pipeline_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
	"distributed-counter/processor/pipeline"
)

// Compressed, a record can be larger than what the dead-letter topic takes. It
// must not hold up the likes behind it.
func TestHugeRecordHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, net := broker(t)
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- pipeline.Run(ctx, cfg) }()
		time.Sleep(10 * time.Second)
		cl, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.Dialer(net.DialContext),
			kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.GzipCompression()), kgo.ProducerBatchMaxBytes(8<<20),
			kgo.ConsumeTopics(cfg.Topics.Live, cfg.Topics.Dead), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		for _, value := range []string{strings.Repeat("x", 3<<20), "cat"} {
			if err := cl.ProduceSync(ctx, &kgo.Record{Topic: cfg.Topics.Ingestion, Value: []byte(value)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		var counted uint64
		letters := make(map[string]string) // headers of the dead
		until, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		for until.Err() == nil {
			cl.PollFetches(until).EachRecord(func(r *kgo.Record) {
				if r.Topic == cfg.Topics.Live {
					live, err := likes.ParseLive(r.Value)
					if err != nil {
						t.Error(err)
					}
					counted = live.Total
					return
				}
				for _, h := range r.Headers {
					letters[h.Key] += string(h.Value)
				}
			})
		}
		if counted != 1 {
			t.Errorf("announced total: %d, want 1", counted)
		}
		if letters["dead.offset"] != "0" || letters["dead.cut"] == "" {
			t.Errorf("headers of the dead letters: %v, want one letter, of offset 0, that was cut", letters)
		}
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}
