package show

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
)

// Source is where counts are read.
type Source struct {
	Brokers []string
	Client  []kgo.Opt // beside ours: a dialer, TLS; may be empty
	Topics  []string  // of the public ones
	From    kgo.Offset
}

// Recent is where a reader begins that wants to see a little of what was
// before it came: about n records per partition. As many as that are read at
// once, however long the topic is; the ends of transactions count too.
func Recent(n int64) kgo.Offset { return kgo.NewOffset().AtEnd().Relative(-n) }

// Since is where a reader begins that wants what was written from t on.
func Since(t time.Time) kgo.Offset { return kgo.NewOffset().AfterMilli(t.UnixMilli()) }

// Event is one record of a public topic: a running count, a final one, or
// something that is neither.
type Event struct {
	Time  time.Time // when it was written
	Live  *likes.Live
	Final *likes.Final
	Err   error // what is wrong with the record, and where it is
}

// Follow calls see for each committed record until ctx ends, and then returns
// nil. It waits for brokers and topics that are not there yet. It runs in one
// goroutine, and see in the same.
func Follow(ctx context.Context, from Source, topics likes.Topics, see func(Event)) error {
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(from.Brokers...),
		kgo.ClientID("distributed-counter-show"),
		kgo.ConsumeTopics(from.Topics...),
		kgo.ConsumeResetOffset(from.From),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(time.Second),
		// A topic that is created later is found within a second.
		kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.MetadataMaxAge(time.Second),
	}, from.Client...)...)
	if err != nil {
		return fmt.Errorf("read counts: %w", err)
	}
	defer cl.Close()
	for {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		// What an error is about is asked for again: a broker that went, a
		// topic that was deleted.
		fetches.EachRecord(func(r *kgo.Record) { see(event(r, topics)) })
	}
}

func event(r *kgo.Record, topics likes.Topics) Event {
	e := Event{Time: r.Timestamp}
	switch {
	case r.Topic == topics.Live:
		var l likes.Live
		l, e.Err = likes.ParseLive(r.Value)
		e.Live = &l
	case slices.Contains(topics.Aggregations[:], r.Topic):
		var f likes.Final
		f, e.Err = likes.ParseFinal(r.Value)
		e.Final = &f
	default:
		e.Err = fmt.Errorf("not a topic of counts")
	}
	if e.Err != nil {
		return Event{Time: e.Time, Err: fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, e.Err)}
	}
	return e
}
