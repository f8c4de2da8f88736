package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"distributed-counter/likes"
)

// topicSpec is a topic as this processor needs it.
type topicSpec struct {
	name       string
	setting    string // that names it
	partitions int
	mayGrow    bool // more partitions than that are as good
	config     map[string]string
}

const (
	forever = "-1"
	delete_ = "delete"
	compact = "compact"

	// Compaction keeps the mark that ends a transaction for delete.retention.ms
	// after it has removed the transaction's last record: by Kafka's default a
	// day, in which running counts alone leave a mark ten times a second, 70 MB
	// per partition. Nobody here waits for a mark, nor for a deleted key.
	keepMarks = 10 * time.Minute
)

// topicSpecs are all topics, as they are created. Segments are small where
// Kafka could otherwise not delete or compact soon enough: it never touches
// the active one.
func (c *Config) topicSpecs() []topicSpec {
	t := c.Topics
	ingestion := map[string]string{
		"cleanup.policy":         delete_,
		"retention.ms":           ms(c.IngestionRetention),
		"message.timestamp.type": "LogAppendTime",
	}
	if c.CreateTime {
		ingestion["message.timestamp.type"] = "CreateTime"
		ingestion["message.timestamp.after.max.ms"] = ms(maxAhead) // the broker refuses poison
	}
	specs := []topicSpec{
		{t.Ingestion, "VIDEO_EVENTS_INGESTION_TOPIC", c.IngestionPartitions, true, ingestion},
		{t.Positions, "VIDEO_EVENTS_INGESTION_TOPIC", c.IngestionPartitions, true, map[string]string{
			"cleanup.policy": delete_, "retention.ms": forever, "retention.bytes": forever, "segment.bytes": bytes(1 << 20)}},
		{t.Log, "VIDEO_EVENTS_REPARTITIONED_TOPIC", c.LogPartitions, false, map[string]string{
			"cleanup.policy": delete_, "retention.ms": forever, "retention.bytes": forever, "segment.bytes": bytes(64 << 20)}},
		{t.Changelog, "VIDEO_EVENTS_REPARTITIONED_TOPIC", c.LogPartitions, false, map[string]string{
			"cleanup.policy": compact, "segment.bytes": bytes(64 << 20), "min.cleanable.dirty.ratio": "0.3", "delete.retention.ms": ms(keepMarks)}},
		{t.Live, "VIDEO_LIKES_LIVE_TOPIC", c.LogPartitions, false, map[string]string{
			"cleanup.policy": compact, "segment.bytes": bytes(16 << 20), "segment.ms": ms(time.Minute), "min.cleanable.dirty.ratio": "0.1",
			"delete.retention.ms": ms(keepMarks)}},
		{t.Dead, "VIDEO_CLICKS_DEAD_TOPIC", 1, true, map[string]string{
			"cleanup.policy": delete_, "retention.ms": ms(14 * 24 * time.Hour), "max.message.bytes": bytes(maxDead)}},
	}
	for i, w := range likes.Windows {
		specs = append(specs, topicSpec{t.Aggregations[i], fmt.Sprintf("LIKES_%d_MIN_AGGREGATION_TOPIC", w.Panes), c.OutputPartitions[i], false, map[string]string{
			"cleanup.policy": delete_, "retention.ms": ms(7 * 24 * time.Hour)}})
	}
	if c.Replication >= 3 {
		for _, s := range specs {
			s.config["min.insync.replicas"] = "2"
		}
	}
	return specs
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
func bytes(n int) string        { return strconv.Itoa(n) }

// patience is how long the first answers of Kafka may take before it is worth
// a word.
const patience = time.Second

// openTopics creates the topics that are missing, checks all of them, and
// learns their identities. It waits, saying so once, while no broker answers,
// and once more for each other answer of theirs that is in the way.
func (w *worker) openTopics(ctx context.Context) error {
	began, said := time.Now(), make(map[string]bool)
	for backoff := minBackoff; ; backoff = min(2*backoff, maxBackoff) {
		err := w.tryTopics(ctx)
		if stop := (*stopError)(nil); err == nil || ctx.Err() != nil || errors.As(err, &stop) {
			return err
		}
		answer := ""
		if refused := (*kerr.Error)(nil); errors.As(err, &refused) {
			answer = refused.Message
		}
		if !said[answer] && time.Since(began) > patience { // new topics take a moment to be known
			w.cfg.Log.Warn("waiting for Kafka", "brokers", w.cfg.Brokers, "reason", err)
			said[answer] = true
		}
		w.cfg.Health.Set("kafka", err)
		if !sleep(ctx, backoff) {
			return nil
		}
	}
}

func (w *worker) tryTopics(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	specs := w.cfg.topicSpecs()
	refused := make(map[string]error) // by topic: not allowed to create it, which matters where it is missing
	for _, s := range specs {
		config := make(map[string]*string, len(s.config))
		for k, v := range s.config {
			config[k] = kadm.StringPtr(v)
		}
		created, err := w.admin.CreateTopic(ctx, int32(s.partitions), int16(w.cfg.Replication), config, s.name)
		if errors.Is(err, kerr.TopicAlreadyExists) {
			continue
		}
		if errors.Is(err, kerr.InvalidReplicationFactor) {
			return stopf("create topic %s: replication %d needs as many brokers: set COUNTER_REPLICATION (%s)", s.name, w.cfg.Replication, created.ErrMessage)
		}
		if errors.Is(err, kerr.TopicAuthorizationFailed) {
			refused[s.name] = err
		} else if err != nil {
			return fmt.Errorf("create topic %s: %w", s.name, err)
		}
	}
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.name
	}
	listed, err := w.admin.ListTopics(ctx, names...)
	if err != nil {
		return denied(ctx, "list", names, err, func(name string) error { _, err := w.admin.ListTopics(ctx, name); return err })
	}
	configs, err := w.admin.DescribeTopicConfigs(ctx, names...)
	if err != nil {
		return denied(ctx, "describe", names, err, func(name string) error { _, err := w.admin.DescribeTopicConfigs(ctx, name); return err })
	}
	for _, s := range specs {
		detail := listed[s.name]
		if err := refused[s.name]; err != nil && errors.Is(detail.Err, kerr.UnknownTopicOrPartition) {
			return fmt.Errorf("create topic %s: %w", s.name, err)
		}
		if detail.Err != nil {
			return fmt.Errorf("topic %s: %w", s.name, detail.Err)
		}
		if err := s.check(len(detail.Partitions), configs); err != nil {
			return err
		}
		w.ids[s.name] = detail.ID
	}
	w.warnOfOldTransactions(ctx)
	w.warnOfFewCopies(listed)
	w.sources.Store(int32(len(listed[w.cfg.Topics.Ingestion].Partitions)))
	return w.growPositions(ctx, len(listed[w.cfg.Topics.Positions].Partitions))
}

// denied is the error of a request about all topics. Where it is a permission
// that is missing, the answer does not say for which topic: each is asked for.
func denied(ctx context.Context, what string, names []string, err error, ask func(name string) error) error {
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		for _, name := range names {
			if err := ask(name); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s topic %s: %w", what, name, err)
			}
		}
	}
	return fmt.Errorf("%s topics: %w", what, err)
}

// growPositions gives the positions topic as many partitions as the ingestion
// topic has, which may grow at any time.
func (w *worker) growPositions(ctx context.Context, have int) error {
	want := int(w.sources.Load())
	if have >= want {
		return nil
	}
	grown, err := w.admin.UpdatePartitions(ctx, want, w.cfg.Topics.Positions)
	if err == nil {
		err = grown.Error()
	}
	if err != nil && !errors.Is(err, kerr.InvalidPartitions) { // another member was first
		return fmt.Errorf("add partitions to %s: %w", w.cfg.Topics.Positions, err)
	}
	return nil
}
