// Command bench measures the processor on a real Kafka: how many likes a
// second it counts, exactly, and what that costs. `make bench` starts a broker
// for it and runs it.
//
// It hides what a fair run is: a topic loaded before the clock starts, the
// same likes for all, the contestants in turn, each a process of its own whose
// CPU and memory the operating system tells, and an answer worked out
// beforehand that every row of the output has to agree with.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	broker    string
	brokerPID int
	processor string
	likes     int
	videos    int
	runs      int
	parts     int
	work      string
	who       string
	dir       string
	peers     string
	profile   string
	profiled  time.Duration
}

func run() error {
	var o options
	flag.StringVar(&o.broker, "broker", "localhost:9094", "the broker")
	flag.IntVar(&o.brokerPID, "broker-pid", 0, "the broker's process, to tell its CPU time")
	flag.StringVar(&o.processor, "processor", "dist/processor", "the program to measure")
	flag.IntVar(&o.likes, "likes", 2_000_000, "likes per run")
	flag.IntVar(&o.videos, "videos", 0, "different videos (0: the workload's own number)")
	flag.IntVar(&o.runs, "runs", 3, "runs of each contestant, in turn")
	flag.IntVar(&o.parts, "partitions", 3, "partitions of ingestion topic and log")
	flag.StringVar(&o.work, "work", "zipf,viral,flat", "workloads")
	flag.StringVar(&o.who, "who", "ceiling,ours", "contestants")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where stores are kept during a run")
	flag.StringVar(&o.peers, "peers", "", "a folder with bench.sh, which runs all other contestants")
	flag.StringVar(&o.profile, "cpuprofile", "", "a file for a CPU profile of ours, its last run")
	flag.DurationVar(&o.profiled, "cputime", 10*time.Second, "how long the profile is taken, from ready on")
	growth := flag.Bool("growth", false, "measure ours with ever more videos and partitions instead")
	ceiling := flag.String("ceiling", "", "count the likes of this topic into maps, and end (used by bench itself)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *ceiling != "" {
		return countInMaps(ctx, o, *ceiling)
	}
	if flag.NArg() > 0 || o.runs < 1 || o.likes < o.parts {
		return errors.New("usage: bench [flags]; see -h")
	}
	if *growth {
		return measureGrowth(ctx, o)
	}
	return measureAll(ctx, o)
}

// warmUp is a run of ours that is not counted. A broker that has just started
// compiles its own code for some seconds of CPU, which whoever comes first would
// pay, and who is quickest most of all.
func warmUp(ctx context.Context, o options) error {
	w, err := newWorkload(strings.Split(o.work, ",")[0], o)
	if err != nil {
		return err
	}
	r, err := measure(ctx, o, w, "ours", fmt.Sprintf("bench-warm-%d", os.Getpid()))
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	fmt.Printf("warm-up, not counted: %.0f likes/s\n", float64(r.likes)/r.took.Seconds())
	return nil
}

func measureAll(ctx context.Context, o options) error {
	if err := warmUp(ctx, o); err != nil {
		return err
	}
	for _, name := range strings.Split(o.work, ",") {
		w, err := newWorkload(name, o)
		if err != nil {
			return err
		}
		fmt.Printf("\n%s: %d likes over %v, %d partitions\n%s\n", w, o.likes, span, o.parts, header)
		results := make(map[string][]result)
		for n := range o.runs {
			for _, who := range strings.Split(o.who, ",") {
				topic := fmt.Sprintf("bench-%s-%d-%d", name, os.Getpid(), n)
				r, err := measure(ctx, o, w, who, topic+"-"+who)
				if err != nil {
					return fmt.Errorf("%s, %s, run %d: %w", name, who, n+1, err)
				}
				fmt.Println(r)
				results[who] = append(results[who], r)
			}
		}
		for _, who := range strings.Split(o.who, ",") {
			fmt.Println(median(results[who]))
		}
	}
	return nil
}
