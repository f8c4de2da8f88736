package pipeline

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics is what a processor counts about itself. No label has a video id.
type metrics struct {
	read, dead, lost, ahead   prometheus.Counter // PARTITION
	counted, late             prometheus.Counter // COUNT
	published, announced      prometheus.Counter
	interrupted, transactions *prometheus.CounterVec
	commitSeconds             *prometheus.HistogramVec
	lag                       *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "counter", Name: name, Help: help})
	}
	m := &metrics{
		read:      counter("likes_read_total", "Likes read from the ingestion topic and summed."),
		dead:      counter("dead_letters_total", "Ingestion records that are no likes, sent to the dead-letter topic."),
		lost:      counter("likes_deleted_unread_total", "Ingestion records that retention deleted before they were read."),
		ahead:     counter("timestamps_ahead_total", "Likes whose producer's timestamp was more than 5 s ahead of the clock."),
		counted:   counter("likes_counted_total", "Likes folded into panes, again after each restore."),
		late:      counter("likes_late_total", "Likes counted in a later pane than their own, which had closed."),
		published: counter("final_counts_total", "Final counts published."),
		announced: counter("running_counts_total", "Running counts announced."),
		interrupted: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "counter", Name: "tasks_interrupted_total",
			Help: "Times that a task had to begin again."}, []string{"stage"}),
		transactions: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "counter", Name: "transactions_total",
			Help: "Transactions committed."}, []string{"stage"}),
		commitSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "counter", Name: "transaction_seconds",
			Help: "From the first record of a transaction to its end.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 13)}, []string{"stage"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "counter", Name: "lag_records",
			Help: "Records that a task has still to read."}, []string{"stage", "partition"}),
	}
	for _, c := range []prometheus.Collector{m.read, m.dead, m.lost, m.ahead, m.counted, m.late, m.published,
		m.announced, m.interrupted, m.transactions, m.commitSeconds, m.lag} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) committed(stage string, took time.Duration) {
	m.transactions.WithLabelValues(stage).Inc()
	m.commitSeconds.WithLabelValues(stage).Observe(took.Seconds())
}
