// Command gateway shows counts while they change: it pushes them to viewers
// over Socket.IO, answers who asks over HTTP, and serves the page. Any number
// of processes do the same, each on its own.
//
// It hides nothing: it reads settings, opens listeners, and wires. On SIGINT or
// SIGTERM it sends its clients away, to another gateway, and ends with status 0.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"distributed-counter/admin"
	"distributed-counter/gateway/server"
	"distributed-counter/gateway/setup"
	"distributed-counter/settings"
	"distributed-counter/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
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
	log := s.Logger(os.Stderr)
	settings.Log(log, notes)
	kafka, err := s.KafkaOptions()
	if err != nil {
		return err
	}
	adminListener, err := settings.Listen("COUNTER_ADMIN_ADDR", s.AdminAddr)
	if err != nil {
		return err
	}
	defer adminListener.Close()
	cfg := setup.Config(s)
	if cfg.Listener, err = settings.Listen("COUNTER_GATEWAY_ADDR", s.GatewayAddr); err != nil {
		return err
	}
	registry, health := admin.NewRegistry(), new(admin.Health)
	cfg.Health, cfg.Metrics, cfg.Log = health.Check("gateway"), registry, log
	cfg.Kafka, cfg.Page = append(setup.Kafka(log, registry), kafka...), web.Page()

	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error {
		return admin.Serve(ctx, admin.Config{Listener: adminListener, Health: health, Gatherer: registry, Log: log})
	})
	parts.Go(func() error { return server.Run(ctx, cfg) })
	if err := parts.Wait(); err != nil {
		return err
	}
	log.Info("gateway has stopped")
	return nil
}
