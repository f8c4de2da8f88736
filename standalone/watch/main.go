// Command watch prints running and final counts as they come, a line each,
// from the public topics of any Kafka: `make watch`. It waits for a broker that
// is not there yet, and ends at Ctrl-C.
//
// It hides nothing: what it prints is in package show.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/settings"
	"distributed-counter/standalone/show"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "watch:", err)
		os.Exit(1)
	}
}

// recent is how many records per partition are printed that were there before.
const recent = 20

func run(ctx context.Context) error {
	s, _, err := settings.Load(os.Environ())
	if err != nil {
		return err
	}
	topics := append([]string{s.Topics.Live}, s.Topics.Aggregations[:]...)
	fmt.Fprintf(os.Stderr, "%s at %s; Ctrl-C ends\n", strings.Join(topics, ", "), strings.Join(s.Brokers, ", "))
	if !await(ctx, s.Brokers) {
		return nil
	}
	from := show.Source{Brokers: s.Brokers, Topics: topics, From: show.Recent(recent)}
	return show.Follow(ctx, from, s.Topics, func(e show.Event) { fmt.Println(show.Line(e)) })
}

// await waits for a broker, and says so once. It returns false where ctx ended.
func await(ctx context.Context, brokers []string) bool {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return true // whoever reads says so
	}
	defer cl.Close()
	const often = 500 * time.Millisecond
	for said := false; ; said = true {
		ping, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := cl.Ping(ping)
		cancel()
		if err == nil || ctx.Err() != nil {
			return ctx.Err() == nil
		}
		if !said {
			fmt.Fprintf(os.Stderr, "waiting for Kafka: make run and make start-kafka start one (%v)\n", err)
		}
		select {
		case <-time.After(often):
		case <-ctx.Done():
			return false
		}
	}
}
