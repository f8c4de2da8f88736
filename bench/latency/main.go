// Command latency measures how long people wait: from an acknowledged like to
// its running count in video_likes_live, while likes come at a steady rate; and
// for the acknowledgement itself, beside a plain produce of the same record.
// `make bench-latency` starts a broker for it and runs it.
//
// With -pane, it measures instead how long it takes to publish a pane with so
// many different videos, and how far running counts lag meanwhile.
//
// It hides how one like is told from all others: it is a probe, a like of a
// video that nobody else likes and that waits for no other, so that the total
// which has it is known. Everything runs as it ships, each program as a process
// of its own, and all share the machine with the load and the broker.
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
		fmt.Fprintln(os.Stderr, "bench latency:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	broker    string
	processor string
	functions string
	dir       string
	rate      int
	probes    int
	videos    int
	warm      time.Duration
	span      time.Duration
	rounds    int
	round     time.Duration
	many      int
}

func run() error {
	var o options
	flag.StringVar(&o.broker, "broker", "localhost:9094", "the broker, with nothing in it")
	flag.StringVar(&o.processor, "processor", "dist/processor", "the program that counts")
	flag.StringVar(&o.functions, "functions", "dist/functions", "the program that takes likes")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where stores and logs are kept during a run")
	flag.IntVar(&o.rate, "rate", 5000, "likes per second, over HTTP, probes included")
	flag.IntVar(&o.probes, "probes", 200, "of them, those that are timed")
	flag.IntVar(&o.videos, "videos", 10_000, "videos of the others, by Zipf's law with s = 1.1")
	flag.DurationVar(&o.warm, "warm", 10*time.Second, "how long is not measured")
	flag.DurationVar(&o.span, "for", 2*time.Minute, "how long is measured: two minutes have two publications")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of API and plain produce, in turn")
	flag.DurationVar(&o.round, "round", 5*time.Second, "how long a round is")
	flag.IntVar(&o.many, "pane", 0, "measure something else: running counts while a pane with so many videos is published")
	flag.Parse()
	if flag.NArg() > 0 || o.probes < 1 || o.rate <= o.probes || o.videos < 2 || o.rounds < 1 {
		return errors.New("usage: latency [flags]; see -h")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return measure(ctx, o)
}

func measure(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "bench-latency-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	processor, err := program.Start(ctx, program.Config{
		Path: o.processor, Log: filepath.Join(dir, "processor.log"),
		Env: o.settings(filepath.Join(dir, "data")),
	})
	if err != nil {
		return err
	}
	stopProcessor := func() (err error) {
		if processor != nil {
			_, err = processor.Stop()
			processor = nil
		}
		return err
	}
	defer func() { err = errors.Join(err, stopProcessor()) }()
	if _, err := processor.Ready(ctx); err != nil {
		return err
	}
	if o.many > 0 {
		return publication(ctx, o)
	}
	addr, err := program.FreeAddr()
	if err != nil {
		return err
	}
	api, err := program.Start(ctx, program.Config{
		Path: o.functions, Log: filepath.Join(dir, "api.log"),
		Env: []string{"KAFKA_BROKERS=" + o.broker, "COUNTER_API_ADDR=" + addr},
	})
	if err != nil {
		return err
	}
	defer func() {
		_, stopped := api.Stop()
		err = errors.Join(err, stopped)
	}()
	if _, err := api.Ready(ctx); err != nil {
		return err
	}
	if err := runningCounts(ctx, o, "http://"+addr); err != nil {
		return err
	}
	if err := stopProcessor(); err != nil { // the rest is about the API alone
		return err
	}
	return acknowledgements(ctx, o, "http://"+addr)
}

// settings are the processor's: as it ships, but that a pane with many videos
// need not be waited for that long.
func (o options) settings(dir string) []string {
	env := []string{"KAFKA_BROKERS=" + o.broker, "COUNTER_DATA_DIR=" + dir}
	if o.many > 0 {
		env = append(env, "COUNTER_PANE="+pane.String(), "COUNTER_GRACE="+grace.String())
	}
	return env
}
