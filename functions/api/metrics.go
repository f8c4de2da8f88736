package api

import (
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what the API does. No label has a value that a client chooses.
type metrics struct {
	requests *prometheus.CounterVec
	produce  prometheus.Histogram
	inFlight prometheus.Gauge
	replaced prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counter_api_requests_total", Help: "Requests answered, by resource and status.",
		}, []string{"resource", "code"}),
		produce: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "counter_api_produce_seconds", Help: "From handing a like to the Kafka client to its confirmation or refusal.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 4, 8},
		}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "counter_api_in_flight", Help: "Likes that wait for Kafka.",
		}),
		replaced: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "counter_api_clients_replaced_total", Help: "Kafka clients given up because every like failed for three deadlines.",
		}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.produce, m.inFlight, m.replaced} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics of the API: %w", err)
		}
	}
	return m, nil
}

func codeLabel(code int) string { return strconv.Itoa(code) }
