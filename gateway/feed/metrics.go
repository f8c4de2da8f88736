package feed

import (
	"fmt"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what is read. No label has a value that a client chooses.
type metrics struct {
	records     *prometheus.CounterVec
	foreign     prometheus.Counter
	foreignOnce sync.Once
	age         prometheus.Histogram
	up          prometheus.Gauge
}

func newMetrics(r prometheus.Registerer, f *Feed) (*metrics, error) {
	m := &metrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counter_gateway_records_total", Help: "Counts read from Kafka.",
		}, []string{"kind"}),
		foreign: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "counter_gateway_foreign_records_total", Help: "Records in the topics of counts that are none.",
		}),
		age: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "counter_gateway_record_age_seconds", Help: "From a count's timestamp to its being sent on.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10},
		}),
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "counter_gateway_kafka_up", Help: "1 while Kafka answers.",
		}),
	}
	if r == nil {
		return m, nil
	}
	videos := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "counter_gateway_videos", Help: "Videos of which counts are known.",
	}, func() float64 { return float64(f.Videos()) })
	for _, c := range []prometheus.Collector{m.records, m.foreign, m.age, m.up, videos} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics of the feed: %w", err)
		}
	}
	return m, nil
}
