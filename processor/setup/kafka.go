package setup

import (
	"context"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kprom"
	"github.com/twmb/franz-go/plugin/kslog"
)

// Kafka is the options that every Kafka client of a process gets: metrics,
// registered once under "kafka_", and at the debug level a log. Above it the
// clients say nothing: what matters of their trouble comes back as errors, and
// is logged once by whoever gives up or waits.
func Kafka(log *slog.Logger, metrics prometheus.Registerer) []kgo.Opt {
	opts := []kgo.Opt{kgo.WithHooks(&clientMetrics{
		Metrics: kprom.NewMetrics("kafka", kprom.Registerer(withoutBuffers{metrics}),
			kprom.FetchAndProduceDetail(kprom.ByTopic, kprom.Records, kprom.Batches, kprom.UncompressedBytes),
			kprom.Histograms(kprom.RequestDurationE2E)),
	})}
	if log.Enabled(context.Background(), slog.LevelDebug) {
		opts = append(opts, kgo.WithLogger(debugLog{kslog.New(log.With("from", "kafka client"))}))
	}
	return opts
}

// debugLog leaves out what the clients say about each single request.
type debugLog struct{ *kslog.Logger }

func (debugLog) Level() kgo.LogLevel { return kgo.LogLevelInfo }

// clientMetrics counts for all clients of the process together. A processor
// has a client per task, made anew whenever a task begins again: a label that
// told them apart would add a time series each, and kprom's own collectors,
// registered per client, would count from nothing each time.
type clientMetrics struct {
	*kprom.Metrics
	once sync.Once
}

// OnNewClient is called by each client before its other hooks.
func (m *clientMetrics) OnNewClient(cl *kgo.Client) {
	m.once.Do(func() { m.Metrics.OnNewClient(cl) })
}

// OnClientClosed leaves the metrics registered: the next client counts on.
func (*clientMetrics) OnClientClosed(*kgo.Client) {}

// withoutBuffers leaves out the gauges that kprom asks of the one client it
// was given, which would speak for all.
type withoutBuffers struct{ prometheus.Registerer }

func (r withoutBuffers) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if _, gauge := c.(prometheus.GaugeFunc); !gauge {
			r.Registerer.MustRegister(c)
		}
	}
}
