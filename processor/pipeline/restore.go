package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// restored is a COUNT task that knows what is true: fenced, its store as the
// changelog says, its position read.
type restored struct {
	producer *producer
	store    state.Store
	position window.Position
}

// close gives producer and store back. The store keeps what it has for the
// next time.
func (r *restored) close() error {
	if r.producer != nil {
		r.producer.close()
	}
	if err := r.store.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// restore fences, and brings the store to what the changelog says. A store that
// is damaged, of another version, or of another changelog than this one is
// deleted and restored from nothing: it is a copy.
func (t *task) restore(ctx context.Context) (*restored, error) {
	store, head, err := t.openStore()
	if err != nil {
		return nil, err
	}
	r := &restored{store: store}
	err = t.follow(ctx, r, head)
	if errors.Is(err, kerr.OffsetOutOfRange) || errors.Is(err, errStrange) {
		t.log.Warn("restoring from nothing: the store does not fit the changelog", "reason", err)
		if r.producer != nil {
			r.producer.close()
			r.producer = nil
		}
		if err = store.Wipe(); err == nil {
			err = t.follow(ctx, r, state.Head{})
		}
	}
	if err == nil {
		return r, nil
	}
	if err = errors.Join(err, r.close()); errors.Is(err, state.ErrDamaged) {
		err = errors.Join(err, t.w.cfg.Stores.Destroy(int(t.partition)))
	}
	return nil, err
}

// openStore opens the store, making a new one where it cannot be used as it
// is.
func (t *task) openStore() (state.Store, state.Head, error) {
	p := int(t.partition)
	store, err := t.w.cfg.Stores.Open(p)
	var head state.Head
	if err == nil {
		if head, _, err = store.Head(); err != nil {
			err = errors.Join(err, store.Close())
		}
	}
	if errors.Is(err, state.ErrDamaged) {
		t.log.Warn("restoring from nothing: the store is damaged", "reason", err)
		if err = t.w.cfg.Stores.Destroy(p); err == nil {
			head = state.Head{}
			store, err = t.w.cfg.Stores.Open(p)
		}
	}
	if err != nil {
		return nil, head, fmt.Errorf("open store: %w", err)
	}
	return store, head, nil
}

// errStrange says that a store is not of the changelog that is there.
var errStrange = errors.New("the changelog has another identity")

// restoreBatch is the number of changelog records that are applied to the
// store at once, unless Config.PartRecords is less.
const restoreBatch = 10_000

// follow fences, and applies the changelog from where the store left it to the
// barrier.
func (t *task) follow(ctx context.Context, r *restored, head state.Head) error {
	topic := t.w.cfg.Topics.Changelog
	identity := t.countIdentity()
	if head.HasPosition && (head.Position.From != identity.From || head.Position.To != identity.To) {
		return errStrange
	}
	producer, barrier, err := t.fence(ctx, topic)
	if err != nil {
		return err
	}
	r.producer = producer
	limit := restoreBatch
	if n := t.w.cfg.PartRecords; n > 0 {
		limit = min(n, restoreBatch)
	}
	since := likes.Never
	if barrier.Offset-head.Changelog > int64(limit) {
		if since, err = t.firstKept(ctx, barrier); err != nil {
			return err
		}
	}
	from := kgo.NewOffset().At(head.Changelog)
	if head.Changelog == 0 {
		from = kgo.NewOffset().AtStart()
	}
	f := state.Follow(r.store, head, since, limit)
	if err := t.readTo(ctx, barrier, from, func(rec *kgo.Record) error { return t.see(rec, f) }); err != nil {
		return err
	}
	head, records, err := f.End()
	if err != nil {
		return err
	}
	if records > restoreBatch {
		t.log.Info("restored from the changelog", "records", records)
	}
	return t.takePosition(ctx, r, head)
}

// firstKept is the oldest pane of which the store will have to have rows: that
// is up to the last position, which is near the changelog's end. Without it a
// restore from nothing would write the last ten panes of every video there
// ever was, to delete most of them at the end.
func (t *task) firstKept(ctx context.Context, barrier *kgo.Record) (likes.Pane, error) {
	start, err := t.offset(ctx, t.w.admin.ListStartOffsets, barrier.Topic)
	if err != nil {
		return 0, err
	}
	kept := likes.Never
	for back := int64(16); kept == likes.Never; back *= 16 {
		from := max(start, barrier.Offset-back)
		err := t.readTo(ctx, barrier, kgo.NewOffset().At(from), func(rec *kgo.Record) error {
			if string(rec.Key) != string(positionKey) {
				return nil
			}
			pos, err := window.ParsePosition(rec.Value)
			if err != nil {
				return t.foreign(barrier.Topic, rec, err)
			}
			kept = state.Head{Position: pos, HasPosition: true}.FirstKept()
			return nil
		})
		if err != nil || from == start {
			return kept, err
		}
	}
	return kept, nil
}

// see takes over one changelog record.
func (t *task) see(rec *kgo.Record, f *state.Follower) error {
	topic, next := t.w.cfg.Topics.Changelog, rec.Offset+1
	if string(rec.Key) == string(positionKey) {
		pos, err := window.ParsePosition(rec.Value)
		if err != nil {
			return t.foreign(topic, rec, err)
		}
		return f.Position(pos, next)
	}
	v, err := window.ParseVideo(rec.Value)
	if err != nil || likes.CheckVideoID(rec.Key) != nil {
		return t.foreign(topic, rec, err)
	}
	return f.Video(rec.Key, &v, next)
}

func (t *task) foreign(topic string, rec *kgo.Record, err error) error {
	return stopf("%s/%d holds bytes at offset %d that this processor did not write (%v): give it topics of its own by VIDEO_EVENTS_REPARTITIONED_TOPIC_NAME, or delete the topic if nothing needs it", topic, t.partition, rec.Offset, err)
}

func (t *task) countIdentity() window.Identity {
	return window.Identity{
		Group: t.w.cfg.Group, Pane: t.w.cfg.Pane,
		From: t.w.ids[t.w.cfg.Topics.Log], To: t.w.ids[t.w.cfg.Topics.Changelog],
	}
}

// takePosition is the position to lead from. Where there never was one, it
// writes the first: at the start of the log, if nobody can have published.
func (t *task) takePosition(ctx context.Context, r *restored, head state.Head) error {
	topics := t.w.cfg.Topics
	if head.HasPosition {
		r.position = head.Position
		return checkIdentity(head.Position.Identity, t.countIdentity(), topics.Changelog, t.partition)
	}
	start, err := t.offset(ctx, t.w.admin.ListStartOffsets, topics.Log)
	switch {
	case err != nil:
		return err
	case head.Changelog > 0:
		return stopf("%s/%d holds counts but no position: it was not written by this processor, or its position was lost; delete the topics %s and %s together to count anew", topics.Changelog, t.partition, topics.Log, topics.Changelog)
	case start > 0:
		if err := t.stillOurs(ctx, r.producer, topics.Changelog); err != nil {
			return err // whoever has fenced us may have published since
		}
		return stopf("%s/%d begins at offset %d, so somebody has published from it, but %s has no position: restore that topic, or delete both to count anew", topics.Log, t.partition, start, topics.Changelog)
	}
	r.position = window.Position{Identity: t.countIdentity(), Published: likes.Never, At: window.Progress{Frontier: likes.Never}}
	rec := &kgo.Record{Topic: topics.Changelog, Partition: t.partition, Key: positionKey, Value: r.position.Append(nil)}
	if err := r.producer.commit(ctx, []*kgo.Record{rec}); err != nil {
		return fmt.Errorf("write the first position: %w", err)
	}
	var batch state.Batch
	batch.SetHead(state.Head{Position: r.position, HasPosition: true, Changelog: rec.Offset + 1})
	return r.store.Apply(&batch)
}
