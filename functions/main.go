// Command functions takes likes over HTTP and puts them into Kafka: as an AWS
// Lambda behind an API Gateway where Lambda runs it, as a plain server
// otherwise. What it does is in package api; this is the only place that knows
// Lambda, and it is never linked with cgo.
//
// With the build tag lambda.norpc it is for Lambda alone: the server, and what
// only that needs, are left out of what each cold start loads.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/aws/aws-lambda-go/lambda"

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

// warm opens the connections to Kafka, so that no like waits for that, and says
// so where there is no Kafka: nobody has to wait for a like to learn it.
func warm(ctx context.Context, a *api.API, log *slog.Logger) {
	if err := a.Warm(ctx); err != nil {
		log.Warn("Kafka does not answer: likes are refused until it does, the list is served", "error", err)
	}
}
