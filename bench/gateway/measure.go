package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// result is one contestant's run.
type result struct {
	who        string
	perViewer  int64 // bytes of resident memory
	peak       int64
	cpu        float64 // processors, on average
	events     float64 // read per second, by all viewers together
	latencies  []time.Duration
	incomplete int // viewers that were disconnected
}

const header = "contestant   KiB/viewer   peak MB   processors   events/s   p50 ms   p99 ms   worst ms   dropped"

func (r result) String() string {
	at := func(q float64) float64 {
		if len(r.latencies) == 0 {
			return -1
		}
		return float64(r.latencies[int(q*float64(len(r.latencies)-1))].Microseconds()) / 1000
	}
	return fmt.Sprintf("%-10s %12.1f %9d %12.2f %10.0f %8.1f %8.1f %10.1f %9d",
		r.who, float64(r.perViewer)/1024, r.peak>>20, r.cpu, r.events, at(.5), at(.99), at(1), r.incomplete)
}

// measure connects the viewers, publishes, and ends what it started.
func measure(ctx context.Context, o options, who string) (result, error) {
	c, err := start(ctx, o, who)
	if err != nil {
		return result{}, err
	}
	defer c.stop()
	const settle = 3 * time.Second // collections of garbage that connecting caused
	empty := c.resident()
	crowd, err := gather(ctx, o, c.url)
	if err != nil {
		return result{}, err
	}
	defer crowd.leave()
	time.Sleep(settle)
	full := c.resident()
	if err := publish(ctx, o, c, settle); err != nil { // to warm up
		return result{}, err
	}
	crowd.begin()
	cpu, began := c.cpu(), time.Now()
	if err := publish(ctx, o, c, o.span); err != nil {
		return result{}, err
	}
	took, used := time.Since(began), c.cpu()-cpu
	time.Sleep(time.Second) // what is on its way
	r := result{who: who, perViewer: (full - empty) / int64(o.viewers), peak: c.peak(), cpu: used.Seconds() / took.Seconds()}
	r.latencies, r.incomplete = crowd.end()
	r.events = float64(len(r.latencies)) / took.Seconds()
	slices.Sort(r.latencies)
	return r, nil
}

// publish hands records to the contestant at the rate, each with the time.
func publish(ctx context.Context, o options, c *contestant, span time.Duration) error {
	const tick = 5 * time.Millisecond
	began, sent := time.Now(), 0
	for time.Since(began) < span {
		for due := int(time.Since(began).Seconds() * float64(o.rate)); sent < due; sent++ {
			if err := c.publish(sent % o.videos); err != nil {
				return fmt.Errorf("publish: %w", err)
			}
		}
		select {
		case <-time.After(tick):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// status reads a number of kilobytes from /proc.
func (c *contestant) status(name string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, is := strings.CutPrefix(line, name+":"); is {
			kb, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64) // as the kernel writes it
			return kb << 10
		}
	}
	return 0
}

func (c *contestant) resident() int64 { return c.status("VmRSS") }
func (c *contestant) peak() int64     { return c.status("VmHWM") }

// cpu is the processor time that the contestant has used.
func (c *contestant) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.process.Pid))
	if err != nil {
		return 0
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 wherever Linux runs
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, f := range fields[11:13] { // utime, stime
		n, _ := strconv.ParseInt(f, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * tick
}
