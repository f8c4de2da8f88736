package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"distributed-counter/bench/program"
)

// result is one contestant's run.
type result struct {
	who       string
	perViewer int64 // bytes of resident memory
	peak      int64
	cpu       time.Duration // used while it was measured
	took      time.Duration
	wanted    int // events, were each sent on
	latencies []time.Duration
	dropped   int // viewers that were disconnected
}

const header = "contestant  KiB/viewer  peak MB  processors  events/s  of those due  CPU µs/event   p50 ms   p99 ms  worst ms  dropped"

func (r result) String() string {
	at := func(q float64) float64 {
		if len(r.latencies) == 0 {
			return -1
		}
		return float64(r.latencies[int(q*float64(len(r.latencies)-1))].Microseconds()) / 1000
	}
	events := float64(len(r.latencies))
	return fmt.Sprintf("%-10s %11.1f %8d %11.2f %9.0f %12.1f%% %13.2f %8.1f %8.1f %9.1f %8d",
		r.who, float64(r.perViewer)/1024, r.peak>>20, r.cpu.Seconds()/r.took.Seconds(), events/r.took.Seconds(),
		100*events/float64(r.wanted), float64(r.cpu.Microseconds())/events, at(.5), at(.99), at(1), r.dropped)
}

// measure connects the viewers, publishes, and ends what it started.
func measure(ctx context.Context, o options, who string) (result, error) {
	c, err := start(ctx, o, who)
	if err != nil {
		return result{}, err
	}
	defer c.stop()
	const settle = 3 * time.Second // collections of garbage that connecting caused
	empty := program.Resident(c.process.Pid)
	crowd, err := gather(ctx, o, c.url)
	if err != nil {
		return result{}, err
	}
	defer crowd.leave()
	time.Sleep(settle)
	full := program.Resident(c.process.Pid)
	traffic := newTraffic(o)
	if _, err := traffic.publish(ctx, c, settle); err != nil { // to warm up
		return result{}, err
	}
	crowd.begin()
	cpu, began := program.CPU(c.process.Pid), time.Now()
	records, err := traffic.publish(ctx, c, o.span)
	if err != nil {
		return result{}, err
	}
	took := time.Since(began)
	time.Sleep(time.Second) // what is on its way, and is not paid for yet
	r := result{who: who, perViewer: (full - empty) / int64(o.viewers), peak: program.Peak(c.process.Pid), wanted: records * o.viewers / o.videos}
	r.cpu, r.took = program.CPU(c.process.Pid)-cpu, took
	r.latencies, r.dropped = crowd.end()
	slices.Sort(r.latencies)
	return r, nil
}

// tick is how often a processor announces running counts, COUNTER_LIVE_INTERVAL.
const tick = 100 * time.Millisecond

// traffic is likes, the same for each contestant: they come at random, at a rate; a
// video that was liked since the last tick is announced with the next.
type traffic struct {
	o      options
	random *rand.Rand
}

func newTraffic(o options) *traffic { return &traffic{o, rand.New(rand.NewPCG(1, 1))} }

// publish hands records to the contestant, and returns how many.
func (l *traffic) publish(ctx context.Context, c *contestant, span time.Duration) (records int, err error) {
	began := time.Now()
	for n := range int(span / tick) {
		liked := make([]bool, l.o.videos)
		for range int(float64(l.o.rate) * tick.Seconds()) {
			liked[l.random.IntN(l.o.videos)] = true
		}
		for video, is := range liked {
			if !is {
				continue
			}
			if err := c.publish(video); err != nil {
				return records, fmt.Errorf("publish: %w", err)
			}
			records++
		}
		select {
		case <-time.After(time.Until(began.Add(time.Duration(n+1) * tick))):
		case <-ctx.Done():
			return records, ctx.Err()
		}
	}
	return records, nil
}
