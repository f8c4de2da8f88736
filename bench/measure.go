package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// result is one run of one contestant, or the median of several.
type result struct {
	who       string
	likes     int
	ready     time.Duration // from start to ready
	took      time.Duration // from ready to the last row
	cpu       time.Duration // of the contestant, its whole life
	brokerCPU time.Duration // in the same time
	rss       int64         // peak, bytes
	spread    string
}

const header = "contestant      likes/s   CPU s per million   broker's   peak MB   seconds (and before: start)"

func (r result) String() string {
	million := float64(r.likes) / 1e6
	return fmt.Sprintf("%-12s %10.0f   %17.2f   %8.2f   %7d   %.2f (%.2f) %s",
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
	return result{}, fmt.Errorf("contestant %q: expected ceiling or ours", who)
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
	before := cpuOf(o.brokerPID)
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("ceiling: %w", err)
	}
	took, err := time.ParseDuration(strings.TrimSpace(string(out)))
	if err != nil {
		return result{}, fmt.Errorf("ceiling: %w", err)
	}
	r := result{who: "ceiling", likes: w.likes, took: took, brokerCPU: cpuOf(o.brokerPID) - before}
	r.usage(cmd.ProcessState)
	return r, nil
}

func measureOurs(ctx context.Context, o options, w *workload, n names) (result, error) {
	want := w.expected()
	dir, err := os.MkdirTemp(o.dir, "bench-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, o.processor)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 15 * time.Second
	admin, err := freePort()
	if err != nil {
		return result{}, err
	}
	cmd.Env = append(os.Environ(), append(environment(o, n, dir), "COUNTER_ADMIN_ADDR="+admin)...)
	logFile, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return result{}, err
	}
	defer logFile.Close()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	before := cpuOf(o.brokerPID)
	if err := cmd.Start(); err != nil {
		return result{}, fmt.Errorf("start %s: %w (make build makes it)", o.processor, err)
	}
	started := time.Now()
	began := make(chan time.Time, 1)
	go func() { began <- whenReady(ctx, admin) }()
	profiled := make(chan error, 1)
	go func() { profiled <- profile(ctx, o, admin) }()
	last, err := collect(ctx, o, n, want)
	ready := <-began
	broker := cpuOf(o.brokerPID) - before
	err = errors.Join(err, <-profiled)
	cmd.Process.Signal(syscall.SIGTERM)
	err = errors.Join(err, cmd.Wait())
	if err != nil {
		log, _ := os.ReadFile(logFile.Name())
		return result{}, fmt.Errorf("%w\n%s", err, log[max(0, len(log)-4000):])
	}
	r := result{who: "ours", likes: w.likes, ready: ready.Sub(started), took: last.Sub(ready), brokerCPU: broker}
	r.usage(cmd.ProcessState)
	return r, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// whenReady is the instant at which a process says that it is ready, or, at
// the latest, a minute from now.
func whenReady(ctx context.Context, admin string) time.Time {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		resp, err := http.Get("http://" + admin + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Now()
}

// profile writes a CPU profile of a process once it is ready, where one is
// asked for.
func profile(ctx context.Context, o options, admin string) error {
	if o.profile == "" {
		return nil
	}
	whenReady(ctx, admin)
	resp, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", admin, int(o.profiled.Seconds())))
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer resp.Body.Close()
	f, err := os.Create(o.profile)
	if err == nil {
		_, err = io.Copy(f, resp.Body)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return nil
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

func (r *result) usage(s *os.ProcessState) {
	r.cpu = s.UserTime() + s.SystemTime()
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		r.rss = u.Maxrss << 10
	}
}

// clockTick is the unit of /proc/PID/stat, the same on every Linux.
const clockTick = 10 * time.Millisecond

// cpuOf is the CPU time of a process so far; 0 where it cannot be told.
func cpuOf(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * clockTick
}
