package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// countInMaps is the ceiling's process: it prints how long it took.
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
	fmt.Println(time.Since(began))
	return nil
}
