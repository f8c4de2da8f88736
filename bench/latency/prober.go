package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// prober sends likes straight to Kafka.
type prober struct {
	producer *kgo.Client
	fail     func(error)
}

func (p *prober) others(ctx context.Context, videos int) {
	all := ids(ofOthers, videos)
	law := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(len(all)-1))
	pace(ctx, othersRate, func() {
		p.producer.Produce(ctx, &kgo.Record{Value: []byte(all[law.Uint64()])}, func(_ *kgo.Record, err error) { p.check(ctx, err) })
	})
}

func (p *prober) probes(ctx context.Context, b *board, likes int) {
	var flying sync.WaitGroup
	defer flying.Wait()
	pace(ctx, probeRate, func() {
		flying.Go(func() {
			pr, err := b.take(likes)
			if err != nil {
				p.check(ctx, err)
				return
			}
			records := make([]*kgo.Record, likes)
			for i := range records {
				records[i] = &kgo.Record{Value: []byte(pr.video)}
			}
			if err := p.producer.ProduceSync(ctx, records...).FirstErr(); err != nil {
				p.check(ctx, err)
				return
			}
			b.acknowledged(pr)
		})
	})
}

func (p *prober) check(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		p.fail(fmt.Errorf("send a like: %w", err))
	}
}

// each sends a like of each video, as fast as it goes.
func (p *prober) each(ctx context.Context, videos []string) error {
	var all sync.WaitGroup
	for _, v := range videos {
		all.Add(1)
		p.producer.Produce(ctx, &kgo.Record{Value: []byte(v)}, func(_ *kgo.Record, err error) {
			p.check(ctx, err)
			all.Done()
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
