package setup

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"distributed-counter/admin"
	"distributed-counter/processor/pipeline"
	"distributed-counter/processor/state"
	"distributed-counter/settings"
)

// Process is what a processor shares with the rest of its process.
type Process struct {
	Settings settings.Settings
	Dir      *state.Dir // must outlive the processor
	Health   *admin.Health
	Metrics  prometheus.Registerer
	Log      *slog.Logger
}

// Stores is the memory that the settings allow the stores of a process.
func Stores(s settings.Settings) state.Config {
	return state.Config{CacheBytes: s.StoreCacheMiB << 20, WriteBufferBytes: s.StoreWriteBufferMiB << 20}
}

// Config is the processor that the settings ask for. Kafka's client options
// are the caller's to add.
func Config(p Process) pipeline.Config {
	s := p.Settings
	return pipeline.Config{
		Brokers: s.Brokers,
		Group:   s.Group,
		Member:  p.Dir.Member(),

		Topics:              s.Topics,
		IngestionPartitions: s.Partitions.Ingestion,
		LogPartitions:       s.Partitions.Log,
		OutputPartitions:    s.Partitions.Aggregations,
		Replication:         s.Replication,
		IngestionRetention:  s.IngestionRetention,
		CreateTime:          s.EventTime == "create",

		Pane:           s.Pane,
		Grace:          s.Grace,
		IdleAfter:      s.IdleAfter,
		CommitInterval: s.CommitInterval,
		LiveInterval:   s.LiveInterval,
		LiveBudget:     s.LiveBudget,

		Dev:         s.Dev,
		DevInterval: s.DevInterval,

		Stores:  p.Dir,
		Log:     p.Log,
		Metrics: p.Metrics,
		Health:  newHealth(p.Health),
	}
}
