package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"distributed-counter/bench/program"
)

// result is one run of one contestant, or the median of several.
type result struct {
	who       string
	likes     int
	ready     time.Duration // from start to ready
	took      time.Duration // from ready to the last row
	cpu       time.Duration // of the contestant, in the same time; of the ceiling in its whole life
	brokerCPU time.Duration // in the same time
	rss       int64         // peak, bytes
	spread    string
}

const header = "contestant                 likes/s   CPU s per million   broker's   peak MB   seconds (and before: start)"

func (r result) String() string {
	million := float64(r.likes) / 1e6
	return fmt.Sprintf("%-23s %10.0f   %17.2f   %8.2f   %7d   %.2f (%.2f) %s",
		r.who, float64(r.likes)/r.took.Seconds(), r.cpu.Seconds()/million, r.brokerCPU.Seconds()/million, r.rss>>20,
		r.took.Seconds(), r.ready.Seconds(), r.spread)
}

func median(rs []result) result {
	by := func(f func(result) int64) int64 {
		v := make([]int64, len(rs))
		for i, r := range rs {
			v[i] = f(r)
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	m := result{who: rs[0].who + " ~", likes: rs[0].likes}
	m.ready = time.Duration(by(func(r result) int64 { return int64(r.ready) }))
	m.took = time.Duration(by(func(r result) int64 { return int64(r.took) }))
	m.cpu = time.Duration(by(func(r result) int64 { return int64(r.cpu) }))
	m.brokerCPU = time.Duration(by(func(r result) int64 { return int64(r.brokerCPU) }))
	m.rss = by(func(r result) int64 { return r.rss })
	took := func(r result) int64 { return int64(r.took) }
	lo, hi := slices.MinFunc(rs, cmpBy(took)), slices.MaxFunc(rs, cmpBy(took))
	m.spread = fmt.Sprintf("(median; %.2f to %.2f s)", lo.took.Seconds(), hi.took.Seconds())
	return m
}

func cmpBy(f func(result) int64) func(a, b result) int {
	return func(a, b result) int { return int(f(a) - f(b)) }
}

// measure is one run: load, start the contestant, wait for its last row, stop.
func measure(ctx context.Context, o options, w *workload, who, run string) (result, error) {
	if o.peers != "" && who != "ceiling" && who != "ours" {
		return measurePeer(ctx, o, w, who)
	}
	n := namesOf(run)
	defer drop(o, n)
	if err := load(ctx, o, w, n.ingestion); err != nil {
		return result{}, err
	}
	switch who {
	case "ceiling":
		return measureCeiling(ctx, o, w, n)
	case "ours":
		return measureOurs(ctx, o, w, n)
	}
	return result{}, fmt.Errorf("contestant %q: expected ceiling or ours; others need -peers", who)
}

// measureCeiling is the least that any client could do: read the likes, count
// them in maps, keep nothing, say nothing.
func measureCeiling(ctx context.Context, o options, w *workload, n names) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, self, "-broker", o.broker, "-likes", fmt.Sprint(w.likes), "-ceiling", n.ingestion)
	cmd.Stderr = os.Stderr
	before := program.CPU(o.brokerPID)
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("ceiling: %w", err)
	}
	r := result{who: "ceiling", likes: w.likes, brokerCPU: program.CPU(o.brokerPID) - before}
	if _, err := fmt.Sscan(string(out), &r.took, &r.rss); err != nil {
		return result{}, fmt.Errorf("ceiling said %q: %w", out, err)
	}
	r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return r, nil
}

func measureOurs(ctx context.Context, o options, w *workload, n names) (result, error) {
	want := w.expected()
	dir, err := os.MkdirTemp(o.dir, "bench-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	p, err := program.Start(ctx, program.Config{Path: o.processor, Env: environment(o, n, dir), Log: filepath.Join(dir, "log")})
	if err != nil {
		return result{}, err
	}
	began := make(chan readiness, 1)
	go func() { began <- whenReady(ctx, o, p) }()
	last, err := output{n, want, p.PID()}.await(ctx, o)
	ready := <-began
	usage, stopped := p.Stop()
	if err := errors.Join(err, ready.err, stopped); err != nil {
		return result{}, err
	}
	return result{
		who: "ours", likes: w.likes, ready: ready.at.Sub(p.Began), took: last.at.Sub(ready.at),
		cpu: last.cpu - ready.cpu, brokerCPU: last.brokerCPU - ready.brokerCPU, rss: usage.Peak,
	}, nil
}

type readiness struct {
	instant
	err error // of the profile, too
}

// whenReady is when a program was ready; it returns once the profile that is
// asked for from then on is written.
func whenReady(ctx context.Context, o options, p *program.Program) readiness {
	_, err := p.Ready(ctx)
	at := now(o, p.PID())
	if err == nil && o.profile != "" {
		err = p.Profile(ctx, o.profiled, o.profile)
	}
	return readiness{at, err}
}

// environment is the processor's settings for a run. Everything is as it
// ships; the names are the run's own.
func environment(o options, n names, dir string) []string {
	env := []string{
		"MODE=prod", "KAFKA_BROKERS=" + o.broker, "KAFKA_GROUP_ID_FOR_WORKER=" + n.group,
		"VIDEO_EVENTS_INGESTION_TOPIC_NAME=" + n.ingestion, fmt.Sprint("VIDEO_EVENTS_INGESTION_TOPIC_PARTITIONS=", o.parts),
		"VIDEO_EVENTS_REPARTITIONED_TOPIC_NAME=" + n.log, fmt.Sprint("VIDEO_EVENTS_REPARTITIONED_TOPIC_PARTITIONS=", o.parts),
		"VIDEO_LIKES_LIVE_TOPIC_NAME=" + n.live, "VIDEO_CLICKS_DEAD_TOPIC_NAME=" + n.dead,
		"COUNTER_EVENT_TIME=create", "COUNTER_DATA_DIR=" + dir,
	}
	for i, minutes := range windows {
		env = append(env, fmt.Sprintf("LIKES_%d_MIN_AGGREGATION_TOPIC_NAME=%s", minutes, n.final[i]))
	}
	return env
}
