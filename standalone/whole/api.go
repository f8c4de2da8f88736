package whole

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/functions/api"
)

// newAPI is the API that the settings ask for, and the titles of its videos.
func (c *Config) newAPI(brokers []string, kafka []kgo.Opt, metrics prometheus.Registerer) (*api.API, []api.Video, error) {
	s := c.Settings
	videos := api.DefaultVideos()
	if s.VideosFile != "" {
		var err error
		if videos, err = api.ReadVideos(s.VideosFile); err != nil {
			return nil, nil, fmt.Errorf("COUNTER_VIDEOS_FILE: %w", err)
		}
	}
	a, err := api.New(api.Config{
		Brokers: brokers, Topic: s.Topics.Ingestion, Deadline: s.APIDeadline, InFlight: s.APIInFlight,
		Origins: s.APIOrigins, Stages: s.APIStages, Videos: videos,
		Log: c.Log, Registerer: metrics, Kafka: kafka,
	})
	return a, videos, err
}

// serveAPI answers until ctx ends, and then nil, once the likes that are on
// their way have been answered.
func serveAPI(ctx context.Context, l net.Listener, a *api.API, deadline time.Duration) error {
	defer a.Close()
	server := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10*time.Second + deadline,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the API: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), deadline)
	defer cancel()
	if server.Shutdown(ending) != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the API: %w", err)
	}
	return nil
}
