package pipeline_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/processor/pipeline"
)

// Whoever has given a partition away must not go on committing, for the group,
// how far it once was there.
func TestOffsetsOfTheGroupStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, net := broker(t)
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 2)
		for range 2 { // the second takes partitions over from the first
			one := cfg
			one.Stores, one.Metrics = new(disks), prometheus.NewRegistry()
			go func() { done <- pipeline.Run(ctx, one) }()
			time.Sleep(30 * time.Second)
		}
		cl, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.Dialer(net.DialContext), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		for p := range int32(3) {
			if err := cl.ProduceSync(ctx, &kgo.Record{Topic: cfg.Topics.Ingestion, Partition: p, Value: []byte("cat")}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(15 * time.Second)
		for range 20 {
			time.Sleep(time.Second)
			offsets, err := kadm.NewClient(cl).FetchOffsets(ctx, cfg.Group)
			if err != nil {
				t.Fatal(err)
			}
			for p := range int32(3) {
				if o, _ := offsets.Lookup(cfg.Topics.Ingestion, p); o.At != 1 {
					t.Errorf("offset of the group in partition %d: %d, want 1", p, o.At)
				}
			}
		}
		stop()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}
