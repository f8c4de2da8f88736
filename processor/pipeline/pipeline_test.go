package pipeline_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
	"distributed-counter/processor/pipeline"
	"distributed-counter/processor/state"
)

// disks are the stores of one process, in memory.
type disks [3]state.Disk

func (d *disks) Open(p int) (state.Store, error) { return d[p].Open() }
func (d *disks) Destroy(p int) error             { return d[p].Destroy() }
func (d *disks) Partitions() ([]int, error)      { return nil, nil }

type health struct{}

func (health) Set(part string, err error) {}

// broker starts a Kafka that is reached over a network in memory, and returns a
// processor of three partitions on it. It compacts nothing: kfake's cleaner may
// lose what an open transaction has yet to commit.
func broker(t *testing.T) (pipeline.Config, *kfake.VirtualNetwork) { return brokers(t, 9092) }

// brokers starts a Kafka with a broker per port.
func brokers(t *testing.T, ports ...int) (pipeline.Config, *kfake.VirtualNetwork) {
	return brokersWith(t, nil, ports...)
}

// brokersWith is brokers with options of the cluster.
func brokersWith(t *testing.T, opts []kfake.Opt, ports ...int) (pipeline.Config, *kfake.VirtualNetwork) {
	t.Helper()
	net := new(kfake.VirtualNetwork)
	cluster, err := kfake.NewCluster(append(opts, kfake.NumBrokers(len(ports)), kfake.Ports(ports...), kfake.ListenFn(net.Listen),
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": "999999999999"}))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	log := new(lines)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the log of %s:\n%s", t.Name(), log.all())
		}
	})
	return pipeline.Config{
		Brokers: cluster.ListenAddrs(), Client: []kgo.Opt{kgo.Dialer(net.DialContext)}, Group: "g", Topics: likes.DefaultTopics(),
		IngestionPartitions: 3, LogPartitions: 3, OutputPartitions: [3]int{1, 1, 1}, Replication: 1, IngestionRetention: 24 * time.Hour,
		Pane: time.Minute, Grace: 5 * time.Second, IdleAfter: 2 * time.Second, CommitInterval: 100 * time.Millisecond,
		LiveInterval: 100 * time.Millisecond, LiveBudget: 5000, Stores: new(disks), Metrics: prometheus.NewRegistry(), Health: health{},
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, net
}

// One burst of likes, then silence: running counts at once, and each window's
// final count once, on time, though nothing else ever comes.
func TestLikesBecomeCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, net := broker(t)
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- pipeline.Run(ctx, cfg) }()
		time.Sleep(10 * time.Second)
		cl, _ := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.Dialer(net.DialContext), kgo.ProducerLinger(0),
			kgo.ConsumeTopics(cfg.Topics.Live, cfg.Topics.Aggregations[0], cfg.Topics.Aggregations[1], cfg.Topics.Aggregations[2]), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
		for i := range 10 {
			if err := cl.ProduceSync(ctx, &kgo.Record{Topic: cfg.Topics.Ingestion, Value: fmt.Appendf(nil, "cat%d", i%3)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		total := make(map[likes.VideoID]uint64) // as last announced
		finals := make(map[string][]uint64)     // by type and video
		end := time.Now().Add(12 * time.Minute)
		for time.Now().Before(end) {
			pctx, cancel := context.WithDeadline(ctx, end)
			f := cl.PollFetches(pctx)
			cancel()
			f.EachRecord(func(r *kgo.Record) {
				if r.Topic == cfg.Topics.Live {
					l, err := likes.ParseLive(r.Value)
					if err != nil {
						t.Error(err)
					}
					total[l.Video] = l.Total
					return
				}
				f, err := likes.ParseFinal(r.Value)
				if err != nil {
					t.Error(err)
				}
				finals[f.Type+" "+string(f.Video)] = append(finals[f.Type+" "+string(f.Video)], f.Count)
				if late := time.Since(f.End); late < cfg.Grace || late > cfg.Grace+cfg.IdleAfter+2*time.Second {
					t.Errorf("%s came %v after its window's end", r.Value, late)
				}
			})
		}
		for i, want := range []uint64{4, 3, 3} {
			id := fmt.Sprintf("cat%d", i)
			if got := total[likes.VideoID(id)]; got != want {
				t.Errorf("announced total of %s: %d, want %d", id, got, want)
			}
			for _, w := range likes.Windows {
				if got := finals[w.Name+" "+id]; !slices.Equal(got, []uint64{want}) {
					t.Errorf("final %s counts of %s: %v, want one, of %d", w.Name, id, got, want)
				}
			}
		}
		cl.Close()
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}
