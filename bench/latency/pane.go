package main

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What the processor is told, beside what it ships with.
const (
	pane  = 10 * time.Second
	grace = 5 * time.Second
)

// The load beside the many videos.
const (
	othersRate = 1000 // likes per second
	probeRate  = 50   // probes per second, of each kind
	// A busy probe is so many likes at once: busier videos are announced first.
	busyLikes = 4
)

// publishedWithin bounds how long all may take.
const publishedWithin = 15 * time.Minute

// publication likes many videos once each within a pane, the ninth of ten so
// that all three windows close soon, and probes running counts until all is
// published and announced.
func publication(ctx context.Context, o options) error {
	producer, err := newProducer(o.broker)
	if err != nil {
		return err
	}
	defer producer.Close()
	ctx, fail := context.WithCancelCause(ctx)
	many := ids(ofTheMany, o.many)
	c, single, busy := newCrowd(many), newBoard(ids(ofProbes, probeVideos)), newBoard(ids(ofBusyProbes, probeVideos))
	var background sync.WaitGroup
	defer background.Wait()
	defer fail(nil)
	run := func(f func() error) {
		background.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				fail(err)
			}
		})
	}
	run(func() error { return follow(ctx, o.broker, finals, c.see) })
	run(func() error {
		return follow(ctx, o.broker, []string{live}, func(r *kgo.Record, at time.Time) error {
			if err := single.see(r, at); err != nil {
				return err
			}
			if err := busy.see(r, at); err != nil {
				return err
			}
			return c.see(r, at)
		})
	})
	p := &prober{producer: producer, fail: fail}
	run(func() error { p.others(ctx, o.videos); return nil })
	run(func() error { p.probes(ctx, single, 1); return nil })
	run(func() error { p.probes(ctx, busy, busyLikes); return nil })

	began := time.Now()
	due := began.Add(o.warm).Truncate(10 * pane).Add(8 * pane) // the pane's start
	if due.Before(began.Add(o.warm)) {
		due = due.Add(10 * pane)
	}
	if err := sleep(ctx, time.Until(due)); err != nil {
		return err
	}
	burst := time.Now()
	if err := p.each(ctx, many); err != nil {
		return err
	}
	sent := time.Since(burst)
	due = due.Add(pane + grace)
	if err := c.wait(ctx, len(many)); err != nil {
		return err
	}
	return report{c: c, single: single, busy: busy, began: began.Add(o.warm / 2), burst: burst, sent: sent, due: due}.print(o)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
