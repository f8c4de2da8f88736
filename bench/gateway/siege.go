package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"distributed-counter/bench/gateway/hostile"
	"distributed-counter/bench/program"
)

// siege is the viewers of one gateway, before, while and after hostile clients
// are there.
type siege struct {
	o       options
	gateway *contestant
	crowd   *crowd
	ledger  *ledger
}

// bearable is what hostile clients may add to the 99th percentile.
const bearable = 200 * time.Millisecond

// besiege measures, prints, and fails where a viewer had to suffer.
func besiege(ctx context.Context, o options) (err error) {
	k, err := startCounter(ctx, o, "ours")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.stop(ctx)) }()
	s := siege{o: o}
	if s.gateway, err = start(ctx, o, "ours", k); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.gateway.stop()) }()
	const phases = 3
	s.ledger = newLedger(o, k, settle+phases*o.span)
	if s.crowd, err = gather(ctx, o, s.gateway.url, s.ledger); err != nil {
		return err
	}
	defer s.crowd.leave()
	time.Sleep(settle)
	if _, err := s.ledger.send(ctx, settle); err != nil { // to warm up
		return err
	}
	fmt.Printf("%d viewers, %d videos, %d likes/s; three times %v\n", o.viewers, o.videos, o.rate, o.span)
	return s.measure(ctx)
}

// measure is the three phases and what is told of them.
func (s *siege) measure(ctx context.Context) error {
	before, err := s.phase(ctx, "before", nil)
	if err != nil {
		return err
	}
	counted, err := s.gateway.ours.Metrics(ctx)
	if err != nil {
		return err
	}
	a, err := startAttacker(ctx, s.o, s.gateway.addr)
	if err != nil {
		return err
	}
	defer func() { _, _ = a.stop() }() // where it was not stopped for what it tells
	time.Sleep(hostile.Gather)
	during, err := s.phase(ctx, "with", a)
	if err != nil {
		return err
	}
	deeds, err := a.stop()
	if err != nil {
		return err
	}
	time.Sleep(settle)
	after, err := s.phase(ctx, "after", nil)
	if err != nil {
		return err
	}
	now, err := s.gateway.ours.Metrics(ctx)
	if err != nil {
		return err
	}
	s.crowd.leave()
	fmt.Println(phaseHeader)
	for _, p := range []*phase{before, during, after} {
		p.latencies.Sort()
		fmt.Println(p)
	}
	tell(deeds, since(counted, now))
	return judge(before, during, after)
}

// judge says whom hostile clients have harmed.
func judge(before, during, after *phase) (err error) {
	for _, p := range []*phase{before, during, after} {
		if p.dropped > 0 || len(p.latencies) != p.likes {
			err = errors.Join(err, fmt.Errorf("%s: %d viewers were dropped, %d likes of %d were seen", p.name, p.dropped, len(p.latencies), p.likes))
		}
		if more := p.latencies.At(.99) - before.latencies.At(.99); more > bearable {
			err = errors.Join(err, fmt.Errorf("%s: the 99th percentile is %v more than before", p.name, more))
		}
	}
	return err
}

// phase is what was measured in a span.
type phase struct {
	name string
	tally
	likes    int // times the viewers of each
	dropped  int // viewers
	took     time.Duration
	cpu      time.Duration // the gateway's
	attack   time.Duration // of CPU, the hostile clients'
	resident int64         // the gateway's, bytes at the end
	peak     int64
	most     sample
}

const phaseHeader = "hostile clients   likes seen  p50 ms  p99 ms  worst ms  dropped  resident MB  peak MB  goroutines  clients  processors  the hostile's  TCP MB  orphans"

func (p *phase) String() string {
	per := func(cpu time.Duration) float64 { return cpu.Seconds() / p.took.Seconds() }
	return fmt.Sprintf("%-15s %11.1f%% %7.1f %7.1f %9.1f %8d %12d %8d %11.0f %8.0f %11.2f %14.2f %7.1f %8d", p.name,
		100*float64(len(p.latencies))/float64(p.likes), p.at(.5), p.at(.99), p.at(1), p.dropped, p.resident>>20, p.peak>>20,
		p.most.goroutines, p.most.clients, per(p.cpu), per(p.attack), float64(p.most.Bytes)/(1<<20), p.most.Orphans)
}

// phase measures for a span; a is nil where nobody attacks.
func (s *siege) phase(ctx context.Context, name string, a *attacker) (*phase, error) {
	p := &phase{name: name}
	pid := s.gateway.pid
	if err := program.ForgetPeak(pid); err != nil {
		return nil, err
	}
	watching, enough := context.WithCancel(ctx)
	defer enough()
	watched := make(chan sample, 1)
	go func() { watched <- s.watch(watching) }()
	s.ledger.begin()
	s.crowd.measuring.Store(&p.tally)
	dropped, cpu, began := s.crowd.dropped.Load(), program.CPU(pid), time.Now()
	attack := a.cpu()
	likes, err := s.ledger.send(ctx, s.o.span)
	if err != nil {
		return nil, err
	}
	time.Sleep(time.Second) // what is on its way
	s.crowd.measuring.Store(nil)
	p.cpu, p.attack, p.took = program.CPU(pid)-cpu, a.cpu()-attack, time.Since(began)
	p.likes, p.dropped = likes*(s.o.viewers/s.o.videos), int(s.crowd.dropped.Load()-dropped)
	p.resident, p.peak = program.Resident(pid), program.Peak(pid)
	enough()
	p.most = <-watched
	return p, nil
}

// sample is what is looked at from time to time.
type sample struct {
	goroutines, clients float64
	program.Network
}

// watch returns the most there was of everything until ctx ends.
func (s *siege) watch(ctx context.Context) (most sample) {
	for ctx.Err() == nil {
		if m, err := s.gateway.ours.Metrics(ctx); err == nil {
			most.goroutines = max(most.goroutines, m["go_goroutines"])
			most.clients = max(most.clients, m["counter_gateway_clients"])
		}
		n := program.ReadNetwork()
		most.Bytes, most.Orphans = max(most.Bytes, n.Bytes), max(most.Orphans, n.Orphans)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	return most
}
