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

// likeWait bounds one like: what takes longer is broken, not slow.
const likeWait = 30 * time.Second

// contestant is something that takes likes, one at a time.
type contestant interface {
	// like returns when the like is durable.
	like(ctx context.Context) error
	// asked is when it was first ready for a like; zero where it does not say.
	asked() time.Time
	// pid is that of the process whose memory counts; 0 for none.
	pid() int
	// end ends it, and waits for that.
	end()
}

// result is a row of the table.
type result struct {
	asked, first []time.Duration // of each start
	warm         []time.Duration
	memory       float64 // MB at rest; 0: not known
}

// measure starts a contestant several times, each until its first like is
// answered, and asks the last one for more.
func measure(ctx context.Context, cfg config, begin func(context.Context, config) (contestant, error)) (result, error) {
	var r result
	for i := range cfg.starts {
		begun := time.Now()
		c, err := begin(ctx, cfg)
		if err != nil {
			return r, err
		}
		if err = timed(ctx, c); err == nil {
			r.first = append(r.first, time.Since(begun))
			if at := c.asked(); !at.IsZero() {
				r.asked = append(r.asked, at.Sub(begun))
			}
			if i == cfg.starts-1 {
				err = r.warmed(ctx, cfg, c)
			}
		}
		c.end()
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *result) warmed(ctx context.Context, cfg config, c contestant) error {
	for range cfg.likes {
		begun := time.Now()
		if err := timed(ctx, c); err != nil {
			return err
		}
		r.warm = append(r.warm, time.Since(begun))
	}
	if c.pid() == 0 {
		return nil
	}
	select {
	case <-time.After(cfg.rest):
	case <-ctx.Done():
		return ctx.Err()
	}
	r.memory = memory(c.pid())
	return nil
}

func timed(ctx context.Context, c contestant) error {
	ctx, cancel := context.WithTimeout(ctx, likeWait)
	defer cancel()
	return c.like(ctx)
}

// memory is what a process has in memory, in MB; 0 where it cannot be told.
func memory(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kB, err := strconv.Atoi(strings.Fields(rest + " 0")[0])
	if err != nil {
		return 0
	}
	return float64(kB) * 1024 / 1e6
}

// String is the row, without the name: medians, and the slow ones.
func (r result) String() string {
	mb := "–"
	if r.memory > 0 {
		mb = fmt.Sprintf("%.0f", r.memory)
	}
	return strings.Join([]string{
		quantile(r.asked, 0.5, 1), quantile(r.first, 0.5, 1), quantile(r.first, 1, 1),
		quantile(r.warm, 0.5, 2), quantile(r.warm, 0.99, 2), mb,
	}, " | ")
}

// quantile is a duration of many in ms, with that many decimals.
func quantile(of []time.Duration, q float64, decimals int) string {
	if len(of) == 0 {
		return "–"
	}
	sorted := slices.Sorted(slices.Values(of))
	d := sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
	return strconv.FormatFloat(d.Seconds()*1000, 'f', decimals, 64)
}
