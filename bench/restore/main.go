// Command restore measures how long a processor takes to be back: with nothing
// on its disk, so that every store is rebuilt from the changelog, and with the
// stores that it left. `make bench-restore` starts a broker for it and runs it.
//
// It hides how a counter comes to have so many videos with totals: likes with
// timestamps of an hour ago are counted by the processor itself, so that the
// changelog is what it would be. The time is from the start of the process,
// as whoever starts it sees it: until it says that it is ready, and, from its
// log, until the first and the last log partition count.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"distributed-counter/bench/program"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench restore:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	broker    string
	processor string
	dir       string
	videos    int
	parts     int
	runs      int
}

func run() error {
	var o options
	flag.StringVar(&o.broker, "broker", "localhost:9094", "the broker, with nothing in it")
	flag.StringVar(&o.processor, "processor", "dist/processor", "the program to measure")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where stores and logs are kept during a run")
	flag.IntVar(&o.videos, "videos", 1_000_000, "videos with totals")
	flag.IntVar(&o.parts, "partitions", 3, "partitions of ingestion topic and log")
	flag.IntVar(&o.runs, "runs", 3, "restarts of each kind, in turn")
	flag.Parse()
	// The processor does not log a smaller restore.
	const fewest = 20_000
	if flag.NArg() > 0 || o.parts < 1 || o.videos < fewest*o.parts || o.runs < 1 {
		return fmt.Errorf("usage: restore [flags], with at least %d videos per partition; see -h", fewest)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return measure(ctx, o)
}

func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp(o.dir, "bench-restore-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	c := &counter{options: o, data: filepath.Join(dir, "data"), log: filepath.Join(dir, "log")}
	if err := c.fill(ctx); err != nil {
		return err
	}
	fmt.Printf("%d videos with totals, %d log partitions, one process\n%s\n", o.videos, o.parts, header)
	for range o.runs {
		for _, kept := range []bool{false, true} {
			r, err := c.restart(ctx, kept)
			if err != nil {
				return err
			}
			fmt.Println(r)
		}
	}
	return nil
}

// counter is a processor that is stopped and started again, with its topics.
type counter struct {
	options
	data string // its folder
	log  string // what it says
}

func (c *counter) start(ctx context.Context) (*program.Program, error) {
	parts := fmt.Sprint(c.parts)
	return program.Start(ctx, program.Config{Path: c.processor, Log: c.log, Env: []string{
		"KAFKA_BROKERS=" + c.broker, "COUNTER_DATA_DIR=" + c.data, "COUNTER_EVENT_TIME=create", "COUNTER_LOG_FORMAT=json", "LOG_LEVEL=info",
		"VIDEO_EVENTS_INGESTION_TOPIC_PARTITIONS=" + parts, "VIDEO_EVENTS_REPARTITIONED_TOPIC_PARTITIONS=" + parts,
	}})
}

// restart starts the processor, with its stores or without any, and stops it
// once it is ready.
func (c *counter) restart(ctx context.Context, kept bool) (r result, err error) {
	if !kept {
		if err := os.RemoveAll(c.data); err != nil {
			return r, fmt.Errorf("delete the stores: %w", err)
		}
	}
	p, err := c.start(ctx)
	if err != nil {
		return r, err
	}
	ready, err := p.Ready(ctx)
	usage, stopped := p.Stop()
	if err := errors.Join(err, stopped); err != nil {
		return r, err
	}
	r = result{kept: kept, ready: ready.Sub(p.Began), usage: usage}
	log, err := p.Log()
	if err != nil {
		return r, err
	}
	if err := r.read(log, p.Began, c.parts); err != nil {
		return r, fmt.Errorf("%w; it said:\n%s", err, log)
	}
	if !kept && r.records < c.videos {
		return r, fmt.Errorf("%d records were restored, expected at least %d: was anything read?", r.records, c.videos)
	}
	return r, nil
}

const header = "store      ready s   first partition s   last partition s    records   records/s per partition   CPU s   peak MB"

// result is one start.
type result struct {
	kept        bool
	ready       time.Duration // from the start of the process
	first, last time.Duration // the same, to the first and last log partition that counts
	records     int           // of the changelog, applied
	perSecond   float64       // per partition: from the start of the process, the fewest
	usage       program.Usage
}

func (r result) String() string {
	store := map[bool]string{true: "kept", false: "none"}[r.kept]
	return fmt.Sprintf("%-9s %8.2f %19.2f %18.2f %10d %25.0f %7.2f %9d", store, r.ready.Seconds(), r.first.Seconds(), r.last.Seconds(),
		r.records, r.perSecond, r.usage.CPU.Seconds(), r.usage.Peak>>20)
}
