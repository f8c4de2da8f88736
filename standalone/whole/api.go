package whole

import (
	"fmt"

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
