package load

import (
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Burst sends one like for each video past the API, straight to the ingestion
// topic and as fast as it goes, and logs each answer. It returns when all are
// answered.
func (l *Load) Burst(ctx context.Context, brokers []string, topic string) error {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.ClientID("burst"),
		kgo.DefaultProduceTopic(topic),
		kgo.MaxBufferedRecords(20_000),
	)
	if err != nil {
		return fmt.Errorf("create producer of a burst: %w", err)
	}
	defer cl.Close()
	var mu sync.Mutex // guards first
	var first error
	for _, video := range l.cfg.Videos {
		cl.Produce(ctx, &kgo.Record{Value: []byte(video)}, func(_ *kgo.Record, err error) {
			if err == nil {
				l.write(acknowledged, video)
				return
			}
			l.write(unknown, video)
			mu.Lock()
			defer mu.Unlock()
			first = err
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return fmt.Errorf("send a burst: %w", err)
	}
	mu.Lock()
	defer mu.Unlock()
	return first
}
