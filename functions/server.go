//go:build !lambda.norpc

package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"distributed-counter/admin"
	"distributed-counter/functions/api"
	"distributed-counter/settings"
)

// runServer serves until ctx ends, and then finishes what has begun.
func runServer(ctx context.Context, s settings.Settings, cfg api.Config) error {
	listener, err := settings.Listen("COUNTER_API_ADDR", s.APIAddr)
	if err != nil {
		return err
	}
	defer listener.Close()
	adminListener, err := settings.Listen("COUNTER_ADMIN_ADDR", s.AdminAddr)
	if err != nil {
		return err
	}
	defer adminListener.Close()
	registry, health := admin.NewRegistry(), &admin.Health{}
	cfg.Registerer = registry
	a, err := api.New(cfg)
	if err != nil {
		return err
	}
	defer a.Close()
	check := health.Check("api")
	check.Ready() // without Kafka, too: the list is served
	cfg.Log.Info("taking likes", "addr", listener.Addr().String(), "brokers", s.Brokers, "topic", cfg.Topic)

	group, ctx := errgroup.WithContext(ctx)
	serving, served := context.WithCancel(context.WithoutCancel(ctx)) // health is told until the end
	group.Go(func() error {
		return admin.Serve(serving, admin.Config{Listener: adminListener, Health: health, Gatherer: registry, Log: cfg.Log})
	})
	group.Go(func() error { warm(ctx, a, cfg.Log); return nil })
	group.Go(func() error {
		defer served()
		context.AfterFunc(ctx, func() { check.NotReady("shutting down") })
		return a.Serve(ctx, listener)
	})
	return group.Wait()
}
