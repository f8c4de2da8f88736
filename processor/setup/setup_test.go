package setup_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/admin"
	"distributed-counter/processor/pipeline"
	"distributed-counter/processor/setup"
	"distributed-counter/processor/state"
	"distributed-counter/settings"
)

// config is the Config of a process in an environment, with the health that it
// reports to.
func config(t *testing.T, environ ...string) (pipeline.Config, *admin.Health) {
	t.Helper()
	s, _, err := settings.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := state.OpenDir(t.TempDir(), state.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := dir.Close(); err != nil {
			t.Error(err)
		}
	})
	health := new(admin.Health)
	return setup.Config(setup.Process{Settings: s, Dir: dir, Health: health,
		Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)}), health
}

// A field that is added to the pipeline and not here would be its zero value
// in every process.
func TestConfigLeavesNothingOut(t *testing.T) {
	cfg, _ := config(t, "MODE=dev", "COUNTER_EVENT_TIME=create")
	v := reflect.ValueOf(cfg)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		// The caller's, and a bound that is no setting.
		if v.Field(i).IsZero() && name != "Client" && name != "PartRecords" {
			t.Errorf("%s is not set", name)
		}
	}
}

// Fields of the same type are easily mixed up.
func TestConfigPutsEachSettingInItsPlace(t *testing.T) {
	cfg, _ := config(t, "KAFKA_BROKERS=b:1", "KAFKA_GROUP_ID_FOR_WORKER=g", "COUNTER_REPLICATION=3",
		"VIDEO_EVENTS_INGESTION_TOPIC_PARTITIONS=11", "VIDEO_EVENTS_REPARTITIONED_TOPIC_PARTITIONS=12",
		"LIKES_1_MIN_AGGREGATION_TOPIC_PARTITIONS=13", "LIKES_5_MIN_AGGREGATION_TOPIC_PARTITIONS=14",
		"LIKES_10_MIN_AGGREGATION_TOPIC_PARTITIONS=15", "COUNTER_PANE=21s", "COUNTER_GRACE=22s",
		"COUNTER_IDLE_AFTER=23s", "COUNTER_COMMIT_INTERVAL=240ms", "COUNTER_LIVE_INTERVAL=250ms",
		"COUNTER_DEV_INTERVAL=26s", "COUNTER_INGESTION_RETENTION=27h", "COUNTER_LIVE_BUDGET=28")
	got := []any{cfg.Brokers[0], cfg.Group, cfg.Replication, cfg.IngestionPartitions, cfg.LogPartitions, cfg.OutputPartitions,
		cfg.Pane.String(), cfg.Grace.String(), cfg.IdleAfter.String(), cfg.CommitInterval.String(), cfg.LiveInterval.String(),
		cfg.DevInterval.String(), cfg.IngestionRetention.String(), cfg.LiveBudget, cfg.Dev, cfg.CreateTime}
	want := []any{"b:1", "g", 3, 11, 12, [3]int{13, 14, 15}, "21s", "22s", "23s", "240ms", "250ms", "26s", "27h0m0s", 28, false, false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestHealthOfParts(t *testing.T) {
	cfg, health := config(t)
	if r := health.Report(); r.Ready {
		t.Errorf("ready before any part has said anything: %+v", r)
	}
	cfg.Health.Set("kafka", nil)
	cfg.Health.Set("count", errors.New("joining the group"))
	if diff := cmp.Diff([]admin.CheckReport{
		{Name: "count", State: "not ready", Reason: "joining the group"}, {Name: "kafka", State: "ready"},
	}, health.Report().Checks); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	cfg.Health.Set("count", nil)
	if r := health.Report(); !r.Ready || len(r.Checks) != 2 {
		t.Errorf("all parts are well, got %+v", r)
	}
}

// Clients come and go; their metrics are one, count on, and name no video.
func TestKafkaMetricsOutliveClients(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "likes"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	registry := prometheus.NewRegistry()
	var log bytes.Buffer
	opts := setup.Kafka(slog.New(slog.NewTextHandler(&log, nil)), registry)
	for range 2 {
		cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.DefaultProduceTopic("likes"))...)
		if err != nil {
			t.Fatal(err)
		}
		err = cl.ProduceSync(context.Background(), kgo.KeyStringRecord("cat", "cat")).FirstErr()
		cl.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	produced := 0.0
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "kafka_produce_records_total" {
				produced += m.GetCounter().GetValue()
			}
			if strings.Contains(m.String(), "cat") {
				t.Errorf("%s has a video in %s", f.GetName(), m)
			}
		}
		if strings.Contains(f.GetName(), "buffered") {
			t.Errorf("%s speaks for one client only", f.GetName())
		}
	}
	if produced != 2 {
		t.Errorf("records produced by two clients: %v, want 2", produced)
	}
	if log.Len() > 0 {
		t.Errorf("clients log above the debug level: %s", log.String())
	}
}
