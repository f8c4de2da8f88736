// Command standalone counts likes with nothing else installed: the API, a
// processor and an embedded Kafka broker in one process. `make run` starts it.
//
// It hides nothing: it reads settings, says what it is and what to type next,
// and shows the counts, as a table on a terminal and as log lines elsewhere.
// What it runs is in package whole.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"distributed-counter/settings"
	"distributed-counter/standalone/show"
	"distributed-counter/standalone/whole"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "standalone:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) > 1 { // there are no flags: whoever tries one is shown the settings
		return settings.Describe(os.Stdout)
	}
	s, notes, err := settings.Load(os.Environ())
	if err != nil {
		return err
	}
	if term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("TERM") != "dumb" {
		return onTerminal(ctx, s, notes)
	}
	log := s.Logger(os.Stderr)
	settings.Log(log, notes)
	err = whole.Run(ctx, whole.Config{Settings: s, Log: log, Show: func(ctx context.Context, p whole.Place) error {
		// Windows that were due before are published before all is ready.
		from := show.Source{Brokers: p.Kafka, From: show.Since(time.Now())}
		log.Info("starting", "kafka", p.Kafka, "api", p.API, "data", s.DataDir)
		select {
		case <-p.Ready:
			log.Info("ready", "open", page(p), "count a like", curl(s, p), "see the counts", "make watch")
		case <-ctx.Done():
			return nil
		}
		return show.Windows(ctx, from, s.Topics, log)
	}})
	if err == nil {
		log.Info("stopped; all counts are kept", "data", s.DataDir)
	}
	return err
}
