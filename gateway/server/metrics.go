package server

import (
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count requests; what Socket.IO counts by itself is read when asked
// for. No label has a value that a client chooses.
type metrics struct {
	requests *prometheus.CounterVec
}

// counts are what rooms count.
type counts struct {
	events    *prometheus.CounterVec
	malformed prometheus.Counter
	sent      prometheus.Counter
}

func newCounts() *counts {
	return &counts{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counter_gateway_events_total", Help: "Events from clients.",
		}, []string{"event"}),
		malformed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "counter_gateway_malformed_total", Help: "Events refused because of their payload.",
		}),
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "counter_gateway_changes_total", Help: "Changes queued for clients.",
		}),
	}
}

func newMetrics(r prometheus.Registerer, g *gateway) (*metrics, error) {
	m := &metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "counter_gateway_requests_total", Help: "Requests answered, by resource and status; those of Socket.IO are not among them.",
	}, []string{"resource", "code"})}
	if r == nil {
		return m, nil
	}
	told := g.rooms.told
	for _, c := range []prometheus.Collector{m.requests, told.events, told.malformed, told.sent,
		g.conns.unserved, g.conns.refused, sessions{g}} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics of the gateway: %w", err)
		}
	}
	return m, nil
}

func codeLabel(code int) string { return strconv.Itoa(code) }

// sessions collects what the Socket.IO server counts.
type sessions struct{ g *gateway }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("counter_gateway_"+name, help, labels, nil)
}

// Describe is part of prometheus.Collector: what there is, is seen when asked.
func (s sessions) Describe(ch chan<- *prometheus.Desc) {
	ch <- desc("clients", "Sessions of Socket.IO.")
}

// Collect is part of prometheus.Collector.
func (s sessions) Collect(ch chan<- prometheus.Metric) {
	stats := s.g.io.Stats()
	forwards, forwarded := s.g.replicas.Forwards()
	for _, m := range []struct {
		name, help string
		kind       prometheus.ValueType
		value      float64
	}{
		{"clients", "Sessions of Socket.IO.", prometheus.GaugeValue, float64(stats.Sessions)},
		{"clients_pending", "Sessions that have not entered yet.", prometheus.GaugeValue, float64(stats.Pending)},
		{"queued_bytes", "Bytes queued for clients.", prometheus.GaugeValue, float64(stats.Queued)},
		{"rooms", "Videos that somebody watches.", prometheus.GaugeValue, float64(len(s.g.rooms.all.Rooms()))},
		{"clients_opened_total", "Sessions opened.", prometheus.CounterValue, float64(stats.Opened)},
		{"coalesced_total", "Changes that a newer one overtook in a client's queue.", prometheus.CounterValue, float64(stats.Coalesced)},
		{"packets_in_total", "Packets from clients.", prometheus.CounterValue, float64(stats.PacketsIn)},
		{"packets_out_total", "Packets to clients.", prometheus.CounterValue, float64(stats.PacketsOut)},
		{"bytes_in_total", "Bytes from clients.", prometheus.CounterValue, float64(stats.BytesIn)},
		{"bytes_out_total", "Bytes to clients.", prometheus.CounterValue, float64(stats.BytesOut)},
		{"forwards", "Requests on their way to other replicas.", prometheus.GaugeValue, float64(forwards)},
		{"forwards_total", "Requests that were passed on to other replicas.", prometheus.CounterValue, float64(forwarded)},
	} {
		ch <- prometheus.MustNewConstMetric(desc(m.name, m.help), m.kind, m.value)
	}
	closed := desc("clients_closed_total", "Sessions that ended, by why.", "reason")
	for reason, n := range stats.Closed {
		ch <- prometheus.MustNewConstMetric(closed, prometheus.CounterValue, float64(n), string(reason))
	}
	refused := desc("refused_total", "Requests of Socket.IO answered with an error.", "message")
	for message, n := range stats.Refused {
		ch <- prometheus.MustNewConstMetric(refused, prometheus.CounterValue, float64(n), message)
	}
}
