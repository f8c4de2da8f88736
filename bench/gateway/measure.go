package main

import (
	"context"
	"errors"
	"fmt"
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
	tally
	due     int // events, were each running count sent on to each of its viewers
	likes   int // likes, times the viewers of each
	dropped int // viewers that were disconnected
}

// settle is for collections of garbage that connecting caused.
const settle = 3 * time.Second

const header = "contestant  KiB/viewer  peak MB  processors  events/s  of those due  CPU µs/event   likes seen   p50 ms   p99 ms  worst ms  dropped"

func (r result) String() string {
	events := float64(r.events)
	return fmt.Sprintf("%-10s %11.1f %8d %11.2f %9.0f %12.1f%% %13.2f %11.1f%% %8.1f %8.1f %9.1f %8d",
		r.who, float64(r.perViewer)/1024, r.peak>>20, r.cpu.Seconds()/r.took.Seconds(), events/r.took.Seconds(),
		100*events/float64(r.due), float64(r.cpu.Microseconds())/events,
		100*float64(len(r.latencies))/float64(r.likes), r.at(.5), r.at(.99), r.at(1), r.dropped)
}

// measure connects the viewers, sends likes, and ends what it started.
func measure(ctx context.Context, o options, who string) (r result, err error) {
	k, err := startCounter(ctx, o, who)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, k.stop(ctx)) }()
	c, err := start(ctx, o, who, k)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	following, unfollow := context.WithCancel(ctx)
	followed := make(chan error, 1)
	go func() { followed <- k.follow(following, o, c.take) }()
	defer func() {
		unfollow()
		err = errors.Join(err, <-followed)
	}()
	empty := program.Resident(c.pid)
	l := newLedger(o, k, settle+o.span)
	crowd, err := gather(ctx, o, c.url, l)
	if err != nil {
		return r, err
	}
	defer crowd.leave()
	time.Sleep(settle)
	full := program.Resident(c.pid)
	if _, err := l.send(ctx, settle); err != nil { // to warm up
		return r, err
	}
	time.Sleep(time.Second) // what is on its way, and is not measured
	l.begin()
	crowd.measuring.Store(&r.tally)
	cpu, records, began := program.CPU(c.pid), k.records.Load(), time.Now()
	likes, err := l.send(ctx, o.span)
	if err != nil {
		return r, err
	}
	r.who, r.perViewer, r.took = who, (full-empty)/int64(o.viewers), time.Since(began)
	time.Sleep(time.Second) // what is on its way
	perVideo := o.viewers / o.videos
	r.cpu, r.peak = program.CPU(c.pid)-cpu, program.Peak(c.pid)
	r.due, r.likes = int(k.records.Load()-records)*perVideo, likes*perVideo
	crowd.leave()
	r.dropped = int(crowd.dropped.Load())
	r.latencies.Sort()
	return r, nil
}
