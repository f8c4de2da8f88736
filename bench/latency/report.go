package main

import (
	"fmt"
	"time"

	"distributed-counter/bench/program"
)

// report is what there is to tell.
type report struct {
	c            *crowd
	single, busy *board
	began, burst time.Time
	sent         time.Duration
	due          time.Time // when the pane was
}

func (r report) print(o options) error {
	one, five, ten, announced := r.c.of(finals[0]), r.c.of(finals[1]), r.c.of(finals[2]), r.c.of(live)
	fmt.Printf("%d likes of as many videos in a pane of %v, sent in %.1f s, beside %d likes/s on %d others\n",
		o.many, pane, r.sent.Seconds(), othersRate, o.videos)
	for _, x := range []struct {
		name string
		rows rows
		due  time.Time
	}{{"the pane", one, r.due}, {"five panes", five, r.due.Add(pane)}, {"ten panes", ten, r.due.Add(pane)}} {
		fmt.Printf("final counts of %-11s %8d, the first %.1f s after they were due, the last %.1f s\n", x.name+":", x.rows.n,
			x.rows.first.Sub(x.due).Seconds(), x.rows.last.Sub(x.due).Seconds())
	}
	fmt.Printf("running counts of all: %13d, the last %.1f s after its like\n", announced.n, announced.last.Sub(r.burst).Seconds())
	fmt.Printf("\nfrom an acknowledged like to its running count\n%-54s%s   longest silence ms\n", "", program.Columns)
	later := func(a, b time.Time) time.Time {
		if a.After(b) {
			return a
		}
		return b
	}
	for _, phase := range []struct {
		name     string
		from, to time.Time
	}{
		{"before", r.began, r.burst},
		{"after the many likes, nothing due", r.burst, one.first},
		{"while the pane is published", one.first, one.last},
		{"while five and ten panes are", later(one.last, five.first), later(five.last, ten.last)},
	} {
		for _, kind := range []struct {
			name  string
			board *board
		}{{"1 like", r.single}, {fmt.Sprint(busyLikes, " likes at once"), r.busy}} {
			fmt.Printf("%-54s%s %12.0f\n", phase.name+", "+kind.name, kind.board.between(phase.from, phase.to).Row(),
				float64(r.c.silent(phase.from, phase.to).Milliseconds()))
		}
	}
	return nil
}
