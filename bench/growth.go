package main

import (
	"context"
	"fmt"
	"os"
)

// size is one point of the growth.
type size struct{ videos, parts int }

// sizes are ever more videos with the usual partitions, and ever more
// partitions with the usual videos.
func sizes(o options) []size {
	return []size{
		{10_000, o.parts}, {100_000, o.parts}, {1_000_000, o.parts}, {10_000_000, o.parts},
		{100_000, 12}, {100_000, 48},
	}
}

const growthHeader = "   videos   liked   partitions   rows per like   likes/s   CPU s per million   CPU µs per row   broker's   peak MB"

// measureGrowth measures ours with Zipf's workload at each size, and prints a
// line for each: what a like costs must not depend on how many there are of
// anything, but on the rows that it leads to.
func measureGrowth(ctx context.Context, o options) error {
	fmt.Printf("zipf (s = 1.1), %d likes over %v, the median of %d runs\n%s\n", o.likes, span, o.runs, growthHeader)
	for _, s := range sizes(o) {
		sized := o
		sized.videos, sized.parts = s.videos, s.parts
		w, err := newWorkload("zipf", sized)
		if err != nil {
			return err
		}
		var runs []result
		for n := range o.runs {
			run := fmt.Sprintf("bench-growth-%d-%d-%d-%d", os.Getpid(), s.videos, s.parts, n)
			r, err := measure(ctx, sized, w, "ours", run)
			if err != nil {
				return fmt.Errorf("%d videos, %d partitions: %w", s.videos, s.parts, err)
			}
			runs = append(runs, r)
		}
		m := median(runs)
		million, rows := float64(m.likes)/1e6, float64(w.expected().rows)
		fmt.Printf("%9d %7d %12d %15.2f %9.0f %19.2f %16.2f %10.2f %9d\n", s.videos, w.liked(), s.parts, rows/float64(m.likes),
			float64(m.likes)/m.took.Seconds(), m.cpu.Seconds()/million, m.cpu.Seconds()*1e6/rows, m.brokerCPU.Seconds()/million, m.rss>>20)
	}
	return nil
}

// liked is how many different videos have a like.
func (w *workload) liked() int {
	next := w.pick(newRandom())
	seen := make(map[int]struct{})
	for range w.likes {
		seen[next()] = struct{}{}
	}
	return len(seen)
}
