// Command functions takes likes over HTTP and puts them into Kafka: as an AWS
// Lambda behind an API Gateway where Lambda runs it, as a plain server
// otherwise. What it does is in package api; this is the only place that knows
// AWS, and it is never linked with cgo.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/aws/aws-lambda-go/lambda"
	"golang.org/x/sync/errgroup"

	"distributed-counter/admin"
	"distributed-counter/functions/api"
	"distributed-counter/settings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) > 1 { // there are no flags: whoever tries one is shown the settings
		return settings.Describe(os.Stdout)
	}
	s, notes, err := settings.Load(os.Environ())
	if err != nil {
		return err
	}
	log := s.Logger(os.Stderr)
	settings.Log(log, notes)
	cfg := api.Config{
		Brokers: s.Brokers, Topic: s.Topics.Ingestion, Deadline: s.APIDeadline, InFlight: s.APIInFlight,
		Origins: s.APIOrigins, Stages: s.APIStages, Log: log,
	}
	if cfg.Kafka, err = s.KafkaOptions(); err != nil {
		return err
	}
	if s.VideosFile != "" {
		if cfg.Videos, err = api.ReadVideos(s.VideosFile); err != nil {
			return err
		}
	}
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		return runLambda(cfg)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return runServer(ctx, s, cfg)
}

// runLambda answers events until Lambda ends the process. It returns only
// where it cannot begin.
func runLambda(cfg api.Config) error {
	cfg.Log = slog.New(withRequestID{cfg.Log.Handler()})
	a, err := api.New(cfg)
	if err != nil {
		return err
	}
	go warm(context.Background(), a, cfg.Log) // beside the first request, and ended by Close
	lambda.StartWithOptions(newGatewayEvents(a), lambda.WithEnableSIGTERM(func() {
		a.Close()
		os.Exit(0)
	}))
	return nil
}

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

// warm opens the connections to Kafka, so that no like waits for that, and says
// so where there is no Kafka: nobody has to wait for a like to learn it.
func warm(ctx context.Context, a *api.API, log *slog.Logger) {
	if err := a.Warm(ctx); err != nil {
		log.Warn("Kafka does not answer: likes are refused until it does, the list is served", "error", err)
	}
}
