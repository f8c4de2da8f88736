package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
	"distributed-counter/processor/pipeline"
)

// A topic that somebody else has made, and that does not fit, stops the start
// with a word about what to do.
func TestTopicsThatDoNotFit(t *testing.T) {
	topics := likes.DefaultTopics()
	for _, tc := range []struct {
		name       string
		topic      string
		partitions int32
		config     map[string]string
		want       string
	}{
		{"partitions", topics.Log, 5, map[string]string{"cleanup.policy": "delete"},
			"topic video_clicks_partitioned has 5 partitions, expected 3: set VIDEO_EVENTS_REPARTITIONED_TOPIC_PARTITIONS=5, or name another topic by VIDEO_EVENTS_REPARTITIONED_TOPIC_NAME"},
		{"policy", topics.Live, 3, map[string]string{"cleanup.policy": "delete"},
			"topic video_likes_live has cleanup.policy=delete, expected compact: alter it, or name another topic by VIDEO_LIKES_LIVE_TOPIC_NAME"},
		{"size of dead letters", topics.Dead, 1, map[string]string{"max.message.bytes": "1048588"},
			"topic video_clicks_dead has max.message.bytes=1048588, expected 2097152 or more: alter it, or name another topic by VIDEO_CLICKS_DEAD_TOPIC_NAME"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg, net := broker(t)
				cl, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.Dialer(net.DialContext))
				if err != nil {
					t.Fatal(err)
				}
				defer cl.Close()
				config := make(map[string]*string)
				for k, v := range tc.config {
					config[k] = &v
				}
				if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), tc.partitions, 1, config, tc.topic); err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
				defer stop()
				if err := pipeline.Run(ctx, cfg); err == nil || err.Error() != tc.want {
					t.Errorf("got %v, want %q", err, tc.want)
				}
			})
		})
	}
}

// A topic with fewer copies than are asked for is used, and warned of.
func TestTopicsWithFewCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, net := brokers(t, 9092, 9093, 9094)
		cl, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.Dialer(net.DialContext))
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		if _, err := kadm.NewClient(cl).CreateTopic(t.Context(), 3, 1, nil, cfg.Topics.Ingestion); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		cfg.Replication, cfg.Log = 3, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		if err := pipeline.Run(ctx, cfg); err != nil {
			t.Fatal(err)
		}
		var warned []string
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "copies") {
				warned = append(warned, line)
			}
		}
		if len(warned) != 1 || !strings.Contains(warned[0], "topic=video_clicks_ingestion copies=1 expected=3") {
			t.Errorf("warned %q, want of the ingestion topic alone", warned)
		}
	})
}

// Who waits for Kafka says so once, and once more when Kafka has come and
// something else is in the way.
func TestWaitingIsToldOncePerReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, network := brokersWith(t, []kfake.Opt{kfake.EnableSASL(), kfake.EnableACLs(), kfake.User("PLAIN", "stranger", "stranger")}, 9092)
		came := time.Now().Add(time.Minute)
		cfg.Client = []kgo.Opt{user("stranger"), kgo.Dialer(func(ctx context.Context, proto, addr string) (net.Conn, error) {
			if time.Now().Before(came) {
				return nil, errors.New("no route")
			}
			return network.DialContext(ctx, proto, addr)
		})}
		log := new(lines)
		cfg.Log = slog.New(slog.NewTextHandler(log, nil))
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
		defer stop()
		if err := pipeline.Run(ctx, cfg); err != nil {
			t.Fatal(err)
		}
		if all, one, two := log.with(""), log.with("no route"), log.with("TOPIC_AUTHORIZATION_FAILED"); all != 2 || one != 1 || two != 1 {
			t.Errorf("%d lines, %d that there is no route and %d that nothing is allowed; want 2, 1, 1: %s", all, one, two, log.text.String())
		}
	})
}
