package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/bench/program"
)

const (
	lookEvery = 20 * time.Millisecond // at how far a reader of committed records could read
	quiet     = 2 * time.Second       // after which that is taken for all
	giveUp    = 10 * time.Minute      // on a run that does not end
)

// instant is a time, and the CPU that was used by then.
type instant struct {
	at             time.Time
	cpu, brokerCPU time.Duration // of who is measured, and of the broker
}

func now(o options, pid int) instant {
	return instant{time.Now(), program.CPU(pid), program.CPU(o.brokerPID)}
}

// output is what a run is to put out, and who does it.
type output struct {
	names
	want answer
	pid  int
}

// await waits for the final counts, and returns when the last one became visible
// to a reader of committed records. They are read only once no more come: a
// reader of millions of rows would take a part of the machine from whom it
// measures, and the peers' bench does the same.
func (n output) await(ctx context.Context, o options) (instant, error) {
	ctx, cancel := context.WithTimeout(ctx, giveUp)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(o.broker),
		kgo.ConsumeTopics(n.final[:]...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.MetadataMinAge(100*time.Millisecond),
		kgo.MetadataMaxAge(time.Second))
	if err != nil {
		return instant{}, err
	}
	defer cl.Close()
	cl.PauseFetchTopics(n.final[:]...)
	got := rows{starts: make(map[string]time.Time)}
	last, end := instant{}, int64(0)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return last, fmt.Errorf("wait for %d rows, of which %d came: %w", n.want.rows, got.rows, ctx.Err())
		case <-tick.C:
		}
		ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, n.final[:]...)
		if err != nil {
			return last, fmt.Errorf("ask for the end of the outputs: %w", err)
		}
		sum := int64(0) // a topic that is not there yet adds nothing
		ends.Each(func(l kadm.ListedOffset) { sum += max(0, l.Offset) })
		if sum != end {
			last, end = now(o, n.pid), sum
		}
		// Offsets count the ends of transactions too: this is a bound.
		if uint64(sum) < n.want.rows || time.Since(last.at) < quiet {
			continue
		}
		if err := got.read(ctx, cl, n.names); err != nil {
			return last, err
		}
		if got.rows >= n.want.rows {
			if got.answer != n.want {
				return last, fmt.Errorf("the output is not exact: %+v, expected %+v", got.answer, n.want)
			}
			return last, nil
		}
	}
}

// read takes in what is there, and pauses again.
func (r *rows) read(ctx context.Context, cl *kgo.Client, n names) error {
	cl.ResumeFetchTopics(n.final[:]...)
	defer cl.PauseFetchTopics(n.final[:]...)
	for {
		poll, cancel := context.WithTimeout(ctx, time.Second)
		fetches := cl.PollFetches(poll)
		cancel()
		if fetches.NumRecords() == 0 && poll.Err() != nil {
			return ctx.Err()
		}
		for it := fetches.RecordIter(); !it.Done(); {
			if err := r.add(it.Next().Value); err != nil {
				return err
			}
		}
	}
}
