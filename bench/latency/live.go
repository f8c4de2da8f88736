package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/bench/program"
)

const live = "video_likes_live"

// maxInFlight bounds the likes of the load that wait for their answer; the rate
// falls while there are as many.
const maxInFlight = 512

// probeVideos is how many videos the probes have: it bounds those under way.
const probeVideos = 5000

// lastWithin is how long the last probes may take to come.
const lastWithin = 30 * time.Second

// runningCounts sends likes at a steady rate, of which some are probes, reads
// running counts as any program would that wants to see committed ones only,
// and says how long the probes took.
func runningCounts(ctx context.Context, o options, url string) error {
	reader, err := kgo.NewClient(kgo.SeedBrokers(o.broker), kgo.ConsumeTopics(live),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return fmt.Errorf("create reader: %w", err)
	}
	defer reader.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b := newBoard(ids(probeVideos))
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel(nil)
	reading.Go(func() {
		if err := b.read(ctx, reader); err != nil {
			cancel(err)
		}
	})
	l := &load{options: o, viewer: newViewer(url), board: b, fail: cancel}
	l.run(ctx)
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := b.wait(ctx, lastWithin); err != nil {
		return err
	}
	fmt.Printf("%.0f likes/s over HTTP on %d videos for %v, %d probes\n", float64(l.acknowledged.Load())/o.span.Seconds(), o.videos, o.span, len(b.fromAck))
	fmt.Printf("%-32s%s\n", "", program.Columns)
	fmt.Printf("%-32s%s\n", "from sending to acknowledged", b.acked.Row())
	fmt.Printf("%-32s%s\n", "from acknowledged to the count", b.fromAck.Row())
	return nil
}

// load sends likes at a steady rate.
type load struct {
	options
	*viewer
	board        *board
	fail         func(error)
	acknowledged atomic.Int64 // while it is measured
}

// run sends until the time is over, and waits for all answers.
func (l *load) run(ctx context.Context) {
	videos := ids(l.videos)
	law := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(len(videos)-1))
	room := make(chan struct{}, maxInFlight)
	var flying sync.WaitGroup
	defer flying.Wait()
	began := time.Now()
	due := func(rate int) int { return int(time.Since(began).Seconds() * float64(rate)) }
	for sent, probes := 0, 0; time.Since(began) < l.warm+l.span && ctx.Err() == nil; {
		if sent >= due(l.rate) {
			time.Sleep(time.Millisecond)
			continue
		}
		sent++
		measured := time.Since(began) >= l.warm
		send := l.other(videos[law.Uint64()])
		if probes < due(l.probes) {
			probes++
			send = l.probe(measured)
		}
		room <- struct{}{}
		flying.Go(func() {
			defer func() { <-room }()
			if err := send(ctx); err != nil {
				l.fail(err)
			} else if measured {
				l.acknowledged.Add(1)
			}
		})
	}
}

func (l *load) other(video string) func(context.Context) error {
	return func(ctx context.Context) error { return l.like(ctx, video) }
}

func (l *load) probe(measured bool) func(context.Context) error {
	return func(ctx context.Context) error {
		p, err := l.board.take()
		if err != nil {
			return err
		}
		sent := time.Now()
		if err := l.like(ctx, p.video); err != nil {
			return err
		}
		l.board.acknowledged(p, sent, measured)
		return nil
	}
}
