// Command function measures the Lambda: how long from the start of its process
// to the first like that is answered, how long a like takes when all is warm,
// beside a plain produce to the same Kafka, and how much memory it has at rest.
// It runs the bootstrap as it is deployed, under a Runtime API of its own and,
// where it is told of one, under SAM's emulator of Lambda. It knows nothing of
// the bootstrap but what AWS does: its environment, and events in JSON.
//
// It prints a table, and judges nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const topic = "bench-function-likes"

type config struct {
	broker, dir, bootstrap, emulator, url string
	starts, likes                         int
	rest                                  time.Duration
}

func main() {
	var cfg config
	flag.StringVar(&cfg.broker, "broker", "localhost:9094", "a Kafka, host:port")
	flag.StringVar(&cfg.dir, "dir", ".", "the folder that what is measured runs in")
	flag.StringVar(&cfg.bootstrap, "bootstrap", "dist/videos/bootstrap", "the Lambda, for this machine")
	flag.StringVar(&cfg.emulator, "emulator", "", "SAM's emulator of Lambda, aws-lambda-rie; none: not measured")
	flag.StringVar(&cfg.url, "url", "", "an API that runs already, such as http://localhost:3000 of sam local start-api; none: not measured")
	flag.IntVar(&cfg.starts, "starts", 21, "how often each is started, at least 1")
	flag.IntVar(&cfg.likes, "likes", 2000, "how many warm likes, one after the other, at least 1")
	flag.DurationVar(&cfg.rest, "rest", 10*time.Second, "how long it has had nothing to do when its memory is read")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, cfg config) error {
	if cfg.starts < 1 || cfg.likes < 1 {
		return errors.New("-starts and -likes: expected at least 1")
	}
	if err := createTopic(ctx, cfg.broker); err != nil {
		return err
	}
	contestants := []struct {
		name  string
		begin func(context.Context, config) (contestant, error)
	}{
		{"plain produce", beginProducer},
		{"Runtime API", beginHosted},
		{"SAM's emulator", beginEmulated},
		{"API at -url", beginRemote},
	}
	fmt.Printf("| | first event asked for, ms | first like, ms | slowest of %d | warm like, ms | p99 of %d | MB at rest |\n|---|---|---|---|---|---|---|\n",
		cfg.starts, cfg.likes)
	for _, c := range contestants {
		if c.name == "SAM's emulator" && cfg.emulator == "" || c.name == "API at -url" && cfg.url == "" {
			continue
		}
		r, err := measure(ctx, cfg, c.begin)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Printf("| %s | %s |\n", c.name, r)
	}
	return nil
}

func createTopic(ctx context.Context, broker string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		return fmt.Errorf("make Kafka client: %w", err)
	}
	defer client.Close()
	_, err = kadm.NewClient(client).CreateTopic(ctx, 3, 1, nil, topic)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("create topic %s: %w", topic, err)
	}
	// Whoever comes first is not to wait for the new topic's leaders, nor for a
	// broker whose code is still being compiled.
	for i := range 5000 {
		r := kgo.StringRecord("before")
		r.Topic, r.Key = topic, []byte{byte(i)}
		if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
			return fmt.Errorf("write to topic %s: %w", topic, err)
		}
	}
	return nil
}
