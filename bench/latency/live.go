package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"distributed-counter/bench/program"
)

const live = "video_likes_live"

// maxInFlight bounds the likes of the load that wait for their answer; the rate
// falls while there are as many.
const maxInFlight = 512

// probeVideos is how many videos the probes have: it bounds those under way.
const probeVideos = 5000

// lastWithin is how long the last probes may take to come.
const lastWithin = 2 * time.Minute

// runningCounts sends likes at a steady rate, of which some are probes, reads
// running counts as any program would that wants to see committed ones only,
// and says how long the probes took.
func runningCounts(ctx context.Context, o options, url string) error {
	ctx, fail := context.WithCancelCause(ctx)
	l := &load{options: o, viewer: newViewer(url), board: newBoard(ids(ofProbes, probeVideos)), fail: fail}
	var reading sync.WaitGroup
	reading.Go(func() {
		if err := follow(ctx, o.broker, []string{live}, l.board.see); err != nil {
			fail(err)
		}
	})
	defer reading.Wait()
	defer fail(nil)
	begin := time.Now().Add(o.warm)
	l.run(ctx, begin.Add(o.span))
	if err := l.board.wait(ctx, lastWithin); err != nil {
		return err
	}
	counted := l.board.between(begin, begin.Add(o.span))
	fmt.Printf("%.0f likes/s over HTTP on %d videos for %v, %d probes\n",
		float64(len(l.took.after(begin)))/o.span.Seconds(), o.videos, o.span, len(counted))
	fmt.Printf("%-32s%s\n", "", program.Columns)
	fmt.Printf("%-32s%s\n", "from sending to acknowledged", l.took.after(begin).Row())
	fmt.Printf("%-32s%s\n", "from acknowledged to the count", counted.Row())
	return nil
}

// load sends likes at a steady rate.
type load struct {
	options
	*viewer
	board *board
	fail  func(error)
	took  answers
}

// answers are how long likes took to be acknowledged.
type answers struct {
	mu    sync.Mutex // guards known
	known []timed
}

func (a *answers) add(sent time.Time) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = append(a.known, timed{now, now.Sub(sent)})
}

// after is those of likes that were acknowledged after an instant.
func (a *answers) after(begin time.Time) (t program.Times) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range a.known {
		if k.acked.After(begin) {
			t = append(t, k.took)
		}
	}
	return t
}

// run sends until an instant, and waits for all answers.
func (l *load) run(ctx context.Context, end time.Time) {
	ctx, stop := context.WithDeadline(ctx, end)
	defer stop()
	videos := ids(ofOthers, l.videos)
	law := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(len(videos)-1))
	room := make(chan struct{}, maxInFlight)
	var flying, pacing sync.WaitGroup
	send := func(like func() error) {
		room <- struct{}{}
		flying.Go(func() {
			sent := time.Now()
			if err := like(); err != nil {
				l.fail(err)
			}
			l.took.add(sent)
			<-room
		})
	}
	unending := context.WithoutCancel(ctx) // what was begun has an answer
	pacing.Go(func() {
		pace(ctx, l.rate-l.probes, func() {
			video := videos[law.Uint64()]
			send(func() error { return l.like(unending, video) })
		})
	})
	pacing.Go(func() {
		pace(ctx, l.probes, func() {
			send(func() error { return l.probe(unending) })
		})
	})
	pacing.Wait()
	flying.Wait()
}

func (l *load) probe(ctx context.Context) error {
	p, err := l.board.take(1)
	if err != nil {
		return err
	}
	if err := l.like(ctx, p.video); err != nil {
		return err
	}
	l.board.acknowledged(p)
	return nil
}

// pace does something so many times per second until ctx is done. It makes up
// for what it could not do in time.
func pace(ctx context.Context, rate int, do func()) {
	const rest = time.Millisecond
	began := time.Now()
	for done := 0; ctx.Err() == nil; {
		if done >= int(time.Since(began).Seconds()*float64(rate)) {
			time.Sleep(rest)
			continue
		}
		done++
		do()
	}
}
