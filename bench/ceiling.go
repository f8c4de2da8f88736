package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/bench/program"
)

// countInMaps is the ceiling's process: it prints how long it took, in
// nanoseconds, and the most memory that it had, in bytes.
func countInMaps(ctx context.Context, o options, topic string) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(o.broker), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer cl.Close()
	began := time.Now()
	type window struct {
		minutes int
		start   int64
	}
	counts := make(map[window]map[string]uint64)
	for n := 0; n < o.likes; {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			n++
			unix := r.Timestamp.Unix()
			for _, minutes := range windows {
				w := window{minutes, unix - unix%int64(60*minutes)}
				m := counts[w]
				if m == nil {
					m = make(map[string]uint64)
					counts[w] = m
				}
				m[string(r.Value)]++
			}
		})
	}
	fmt.Println(time.Since(began).Nanoseconds(), program.Peak(os.Getpid()))
	return nil
}
