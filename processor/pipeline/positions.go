package pipeline

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/processor/window"
)

func (t *task) positionRecord(pos window.SourcePosition) *kgo.Record {
	return &kgo.Record{Topic: t.w.cfg.Topics.Positions, Partition: t.partition, Key: positionKey, Value: pos.Append(nil)}
}

// sourcePosition fences, and finds where to begin: at the position, or, where
// there never was one, at the group's committed offset (the original program's
// users have one) or the partition's start. That position is then written at
// once.
func (t *task) sourcePosition(ctx context.Context) (*producer, window.SourcePosition, error) {
	topics := t.w.cfg.Topics
	var pos window.SourcePosition
	found := false
	producer, barrier, err := t.fence(ctx, topics.Positions)
	if err != nil {
		return nil, pos, err
	}
	err = t.readTo(ctx, barrier, kgo.NewOffset().AtStart(), func(r *kgo.Record) error {
		var err error
		if pos, err = window.ParseSourcePosition(r.Value); err != nil || string(r.Key) != string(positionKey) {
			return stopf("%s/%d holds something else at offset %d than a position (%v): delete the topic if nothing needs it, or set VIDEO_EVENTS_INGESTION_TOPIC_NAME to another", topics.Positions, t.partition, r.Offset, err)
		}
		found = true
		return nil
	})
	if err != nil {
		producer.close()
		return nil, pos, err
	}
	identity := window.Identity{Group: t.w.cfg.Group, Pane: t.w.cfg.Pane, From: t.w.ids[topics.Ingestion], To: t.w.ids[topics.Positions]}
	if found {
		err = checkIdentity(pos.Identity, identity, topics.Positions, t.partition)
	} else {
		pos = window.SourcePosition{Identity: identity}
		if pos.Next, err = t.firstOffset(ctx); err == nil {
			err = producer.commit(ctx, []*kgo.Record{t.positionRecord(pos)})
		}
	}
	if err != nil {
		producer.close()
		return nil, pos, fmt.Errorf("find position: %w", err)
	}
	return producer, pos, nil
}

func (t *task) firstOffset(ctx context.Context) (int64, error) {
	topic := t.w.cfg.Topics.Ingestion
	start, err := t.offset(ctx, t.w.admin.ListStartOffsets, topic)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	committed, err := t.w.admin.FetchOffsets(ctx, t.w.cfg.Group)
	if err != nil {
		return 0, fmt.Errorf("fetch offsets of group %s: %w", t.w.cfg.Group, err)
	}
	if o, ok := committed.Lookup(topic, t.partition); ok && o.Err == nil && o.At > start {
		return o.At, nil
	}
	return start, nil
}
