package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// recall is how many panes of final counts a feed begins with: a client that
// comes is told the last ones of videos liked since.
const recall = 30

const (
	firstBackoff   = 100 * time.Millisecond // between two looks at Kafka that is not there
	lastBackoff    = 2 * time.Second
	requestTimeout = 5 * time.Second // for a question about topics
)

type partition struct {
	topic string
	n     int32
}

// layout is which topics there are.
type layout map[string]topicLayout

type topicLayout struct {
	id         kadm.TopicID
	partitions int
}

// errTopicsChanged says that topics have other identities or partitions than
// those that are read.
var errTopicsChanged = errors.New("topics have changed")

func (f *Feed) topics() []string {
	return append([]string{f.cfg.Topics.Live}, f.cfg.Topics.Aggregations[:]...)
}

// look asks which topics there are; it fails while one is missing.
func (f *Feed) look(ctx context.Context, kafka *kadm.Client) (layout, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	listed, err := kafka.ListTopics(ctx, f.topics()...)
	if errors.Is(err, kerr.TopicAuthorizationFailed) { // the answer does not say for which
		for _, name := range f.topics() {
			if _, err := kafka.ListTopics(ctx, name); err != nil {
				return nil, fmt.Errorf("list topic %s: %w", name, err)
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	all := make(layout)
	for _, name := range f.topics() {
		detail := listed[name]
		if errors.Is(detail.Err, kerr.UnknownTopicOrPartition) {
			return nil, fmt.Errorf("topic %s does not exist yet; a processor creates it: %w", name, detail.Err)
		}
		if detail.Err != nil || len(detail.Partitions) == 0 {
			return nil, fmt.Errorf("list topic %s: %w", name, detail.Err)
		}
		all[name] = topicLayout{detail.ID, len(detail.Partitions)}
	}
	return all, nil
}

// plan is where reading begins, and where each partition ended when it did.
type plan struct {
	layout      layout
	from, until map[partition]int64
}

// plan waits for Kafka and the topics, for as long as that takes, and says so
// once. It fails only with ctx.
func (f *Feed) plan(ctx context.Context, kafka *kadm.Client) (plan, error) {
	said := false
	for backoff := firstBackoff; ; backoff = min(2*backoff, lastBackoff) {
		p, err := f.tryPlan(ctx, kafka)
		if err == nil {
			if said && f.known != nil {
				f.cfg.Log.Info("Kafka is back")
			}
			return p, nil
		}
		if ctx.Err() != nil {
			return plan{}, ctx.Err()
		}
		if !said {
			said = true
			f.metrics.up.Set(0)
			f.cfg.Log.Warn("waiting for Kafka", "brokers", f.cfg.Brokers, "reason", err)
		}
		if !f.caughtUp {
			f.cfg.Health.NotReady("waiting for Kafka: " + err.Error())
		}
		if !pause(ctx, backoff) {
			return plan{}, ctx.Err()
		}
	}
}

func (f *Feed) tryPlan(ctx context.Context, kafka *kadm.Client) (plan, error) {
	all, err := f.look(ctx, kafka)
	if err != nil {
		return plan{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	since := time.Now().Add(-recall * f.cfg.Pane).UnixMilli()
	p := plan{layout: all, from: make(map[partition]int64), until: make(map[partition]int64)}
	for _, q := range []struct {
		into   map[partition]int64
		list   func(context.Context, ...string) (kadm.ListedOffsets, error)
		topics []string
	}{
		// First, so that what is published while we ask lies behind it.
		{p.until, kafka.ListCommittedOffsets, f.topics()},
		{p.from, kafka.ListStartOffsets, []string{f.cfg.Topics.Live}},
		{p.from, func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
			return kafka.ListOffsetsAfterMilli(ctx, since, topics...)
		}, f.cfg.Topics.Aggregations[:]},
	} {
		offsets, err := q.list(ctx, q.topics...)
		if err == nil {
			err = offsets.Error()
		}
		if err != nil {
			return plan{}, fmt.Errorf("list offsets: %w", err)
		}
		offsets.Each(func(o kadm.ListedOffset) { q.into[partition{o.Topic, o.Partition}] = o.Offset })
	}
	for at, end := range p.until {
		// Where all is older than that, "after" is the end: of now, and behind
		// what an open transaction has yet to commit.
		p.from[at] = min(p.from[at], end)
	}
	return p, nil
}

// adopt brings the feed's own positions into a plan. Where a topic is another
// one than before, nothing that is known holds any more, and all begins anew;
// where it has more partitions, the new ones are read from their start.
func (f *Feed) adopt(p plan) {
	fresh := f.known == nil
	for name, topic := range p.layout {
		fresh = fresh || f.known[name].id != topic.id
	}
	if fresh {
		if f.known != nil {
			f.cfg.Log.Warn("the topics are other ones than before: all counts are read anew")
			f.cfg.Health.NotReady("reading counts")
		}
		f.values.clear()
		for i := range f.boards {
			f.boards[i].clear()
		}
		f.next, f.caughtUp = p.from, false
	}
	for at := range p.until {
		if _, is := f.next[at]; !is {
			f.next[at] = 0
		}
	}
	f.known = p.layout
}

// consume is where each partition is read from.
func (f *Feed) consume() map[string]map[int32]kgo.Offset {
	all := make(map[string]map[int32]kgo.Offset)
	for at, next := range f.next {
		if all[at.topic] == nil {
			all[at.topic] = make(map[int32]kgo.Offset)
		}
		all[at.topic][at.n] = kgo.NewOffset().At(next)
	}
	return all
}
