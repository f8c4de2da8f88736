package whole_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/standalone/whole"
)

// kept is what exactness needs a broker to keep.
type kept struct {
	ID          kadm.TopicID
	Start, End  int64    // offsets
	Stable      int64    // before which transactions have ended
	Committed   []string // as a reader of committed records sees it
	GroupOffset int64
	ProducerID  int64
	EpochGrows  bool // a new producer fences the one before
}

// The embedded broker, stopped and started again, is the broker it was:
// whatever it forgot would be counted twice or lost.
func TestBrokerKeepsWhatItHad(t *testing.T) {
	t.Parallel()
	s := small(t, t.TempDir())
	place, stop := start(t, s)
	ctx := t.Context()
	admin := adminOf(t, place)
	if _, err := admin.CreateTopic(ctx, 1, 1, nil, "facts"); err != nil {
		t.Fatal(err)
	}
	old := producerOf(t, place)
	for _, value := range []string{"deleted", "kept", "-aborted", "kept too"} {
		transact(t, old, value)
	}
	var below, at kadm.Offsets
	below.AddOffset("facts", 0, 2, -1) // the first record and its end
	if _, err := admin.DeleteRecords(ctx, below); err != nil {
		t.Fatal(err)
	}
	at.AddOffset("facts", 0, 3, -1)
	if err := admin.CommitAllOffsets(ctx, "readers", at); err != nil {
		t.Fatal(err)
	}
	before := look(t, place)
	id, epoch, err := old.ProducerID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	before.ProducerID, before.EpochGrows = id, true
	if diff := cmp.Diff(kept{ID: before.ID, Start: 2, End: 8, Stable: 8, Committed: []string{"kept", "kept too"},
		GroupOffset: 3, ProducerID: id, EpochGrows: true}, before); diff != "" {
		t.Fatalf("before the stop (-want +got):\n%s", diff)
	}
	stop()

	place, _ = start(t, s)
	after := look(t, place)
	next := producerOf(t, place)
	nextID, nextEpoch, err := next.ProducerID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	after.ProducerID, after.EpochGrows = nextID, nextEpoch > epoch
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("after the start (-before +after):\n%s", diff)
	}
	transact(t, next, "goes on")
	if got := look(t, place).Committed; !cmp.Equal(got, []string{"kept", "kept too", "goes on"}) {
		t.Errorf("committed records: %q, want the new one behind the old", got)
	}
}

func adminOf(t *testing.T, at whole.Place) *kadm.Client {
	t.Helper()
	admin, err := kadm.NewOptClient(kgo.SeedBrokers(at.Kafka...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return admin
}

func producerOf(t *testing.T, at whole.Place) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(at.Kafka...), kgo.TransactionalID("facts"), kgo.DefaultProduceTopic("facts"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// transact writes a value in a transaction of its own, which is aborted where
// it begins with a dash.
func transact(t *testing.T, cl *kgo.Client, value string) {
	t.Helper()
	ctx := t.Context()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(ctx, kgo.StringRecord(value)).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(ctx, kgo.TransactionEndTry(value[0] != '-')); err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, at whole.Place) kept {
	t.Helper()
	ctx, admin := t.Context(), adminOf(t, at)
	topics, err := admin.ListTopics(ctx, "facts")
	if err != nil {
		t.Fatal(err)
	}
	k := kept{ID: topics["facts"].ID}
	for _, list := range []struct {
		offset *int64
		ask    func(context.Context, ...string) (kadm.ListedOffsets, error)
	}{{&k.Start, admin.ListStartOffsets}, {&k.End, admin.ListEndOffsets}, {&k.Stable, admin.ListCommittedOffsets}} {
		listed, err := list.ask(ctx, "facts")
		if err != nil {
			t.Fatal(err)
		}
		o, _ := listed.Lookup("facts", 0)
		*list.offset = o.Offset
	}
	group, err := admin.FetchOffsets(ctx, "readers")
	if err != nil {
		t.Fatal(err)
	}
	o, _ := group.Lookup("facts", 0)
	k.GroupOffset = o.At
	cl, err := kgo.NewClient(kgo.SeedBrokers(at.Kafka...), kgo.ConsumeTopics("facts"), kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for next := k.Start; next < k.End; {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			if !r.Attrs.IsControl() {
				k.Committed = append(k.Committed, string(r.Value))
			}
		})
	}
	return k
}
