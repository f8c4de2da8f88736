package pipeline

import (
	"context"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// check says what of a topic that was there before does not fit, and what to do.
func (s *topicSpec) check(partitions int, configs kadm.ResourceConfigs) error {
	if partitions != s.partitions && (!s.mayGrow || partitions < s.partitions) {
		return stopf("topic %s has %d partitions, expected %d: set %s_PARTITIONS=%d, or name another topic by %s_NAME", s.name, partitions, s.partitions, s.setting, partitions, s.setting)
	}
	rc, err := configs.On(s.name, nil)
	if err != nil {
		return fmt.Errorf("describe topic %s: %w", s.name, err)
	}
	for _, c := range rc.Configs {
		want, set := s.config[c.Key]
		if !set || c.Value == nil {
			continue
		}
		switch c.Key {
		case "cleanup.policy":
			if *c.Value != want {
				return stopf("topic %s has cleanup.policy=%s, expected %s: alter it, or name another topic by %s_NAME", s.name, *c.Value, want, s.setting)
			}
		case "max.message.bytes":
			// A dead letter that is refused would be tried for ever, and hold up
			// all that comes after it.
			have, err := strconv.Atoi(*c.Value)
			if least, _ := strconv.Atoi(want); err == nil && have < least {
				return stopf("topic %s has max.message.bytes=%d, expected %d or more: alter it, or name another topic by %s_NAME", s.name, have, least, s.setting)
			}
		}
	}
	return nil
}

// warnOfFewCopies says so where topics that were there before have fewer copies
// than the setting asks for: the loss of a broker is then the loss of them.
func (w *worker) warnOfFewCopies(listed kadm.TopicDetails) {
	for _, detail := range listed.Sorted() {
		if have := detail.Partitions.NumReplicas(); have < w.cfg.Replication {
			w.cfg.Log.Warn("a topic has fewer copies than COUNTER_REPLICATION: reassign its partitions to more brokers", "topic", detail.Topic, "copies", have, "expected", w.cfg.Replication)
		}
	}
}

// warnOfOldTransactions says so where the brokers do not yet have the
// transactions of KIP-890: there, a record that was on its way when its
// transaction was aborted can join the next one of the same producer.
func (w *worker) warnOfOldTransactions(ctx context.Context) {
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, w.client)
	if err != nil {
		return
	}
	for _, f := range resp.FinalizedFeatures {
		if f.Name == "transaction.version" && f.MaxVersionLevel >= 2 {
			return
		}
	}
	w.cfg.Log.Warn("brokers without transaction.version 2 (KIP-890) can, rarely, let an aborted record through: upgrade to Kafka 4, or raise the feature")
}
