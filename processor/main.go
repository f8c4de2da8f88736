// Command processor counts the likes in Kafka: any number of processes share
// the work. It reads the environment only; docs/settings.md lists what it
// understands.
//
// It hides nothing: it reads settings, opens what is needed, and wires. On
// SIGINT or SIGTERM it commits what is begun, gives its partitions back and
// ends with status 0; whatever else ends it is one line and status 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"distributed-counter/admin"
	"distributed-counter/processor/pipeline"
	"distributed-counter/processor/setup"
	"distributed-counter/processor/state"
	"distributed-counter/settings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once: no like is lost by that.
	context.AfterFunc(ctx, stop)
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "processor:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	s, notes, err := settings.Load(os.Environ())
	if err != nil {
		return err
	}
	log := s.Logger(os.Stderr)
	settings.Log(log, notes)
	kafka, err := s.KafkaOptions()
	if err != nil {
		return err
	}
	dir, err := state.OpenDir(s.DataDir, setup.Stores(s))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	listener, err := settings.Listen("COUNTER_ADMIN_ADDR", s.AdminAddr)
	if err != nil {
		return err
	}
	registry := admin.NewRegistry()
	health := new(admin.Health)
	cfg := setup.Config(setup.Process{Settings: s, Dir: dir, Health: health, Metrics: registry, Log: log})
	cfg.Client = append(setup.Kafka(log, registry), kafka...)
	log.Info("processor starts", "member", cfg.Member, "brokers", s.Brokers, "group", s.Group, "data", s.DataDir)

	parts, ctx := errgroup.WithContext(ctx)
	// Health is told to the end: while it stops, a processor is not ready.
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	parts.Go(func() error {
		return admin.Serve(serving, admin.Config{Listener: listener, Health: health, Gatherer: registry, Log: log})
	})
	parts.Go(func() error {
		defer stopServing()
		return pipeline.Run(ctx, cfg)
	})
	if err := parts.Wait(); err != nil {
		return err
	}
	log.Info("processor has stopped")
	return nil
}
