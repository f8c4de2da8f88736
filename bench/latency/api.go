package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/bench/program"
)

// Bounds of the HTTP client.
const (
	maxConnections = 256
	requestTimeout = 10 * time.Second
)

// viewer sends likes over HTTP, as many at a time as there are connections.
type viewer struct {
	url    string
	client *http.Client
}

func newViewer(url string) *viewer {
	return &viewer{url: url, client: &http.Client{
		Timeout:   requestTimeout,
		Transport: &http.Transport{MaxConnsPerHost: maxConnections, MaxIdleConnsPerHost: maxConnections},
	}}
}

// like returns once the like is acknowledged.
func (v *viewer) like(ctx context.Context, video string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url+"/videos/"+video+"/likes", nil)
	if err != nil {
		return fmt.Errorf("like: %w", err)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return fmt.Errorf("like: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return fmt.Errorf("like: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("like: %s", resp.Status)
	}
	return nil
}

// Who has video ids of their own.
const (
	ofOthers uint64 = iota
	ofProbes
	ofBusyProbes
	ofTheMany
)

// ids are so many made-up video ids.
func ids(of uint64, n int) []string {
	random := rand.New(rand.NewPCG(1, of))
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", random.Uint32(), random.UintN(1<<16), random.UintN(1<<12), random.UintN(1<<12), random.Uint64N(1<<48))
	}
	return all
}

const ingestion = "video_clicks_ingestion"

// newProducer is what a Go program with no API in between would use: idempotent
// (the default), acknowledged by all in-sync replicas, no waiting for company.
func newProducer(broker string) (*kgo.Client, error) {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(broker),
		kgo.DefaultProduceTopic(ingestion),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerLinger(0),
	)
	if err != nil {
		return nil, fmt.Errorf("create producer: %w", err)
	}
	return cl, nil
}

// acknowledgements compares the API with a plain produce: so many clients, each
// of which sends a like, waits for its acknowledgement, and sends the next.
func acknowledgements(ctx context.Context, o options, url string) error {
	producer, err := newProducer(o.broker)
	if err != nil {
		return err
	}
	defer producer.Close()
	v, videos := newViewer(url), ids(ofOthers, o.videos)
	contestants := []struct {
		name string
		send func(ctx context.Context, video string) error
	}{
		{"plain produce", func(ctx context.Context, video string) error {
			return producer.ProduceSync(ctx, &kgo.Record{Value: []byte(video)}).FirstErr()
		}},
		{"API", v.like},
	}
	fmt.Printf("\nfrom sending a like to its acknowledgement, %d rounds of %v in turn\n", o.rounds, o.round)
	fmt.Printf("%-8s %-14s %9s%s\n", "clients", "", "likes/s", program.Columns)
	for _, clients := range []int{1, 200} {
		times := make([]program.Times, len(contestants))
		for round := range o.rounds + 1 {
			for i, c := range contestants {
				t, err := closedLoop(ctx, clients, o.round, func(ctx context.Context, n int) error {
					return c.send(ctx, videos[n%len(videos)])
				})
				if err != nil {
					return fmt.Errorf("%s, %d clients: %w", c.name, clients, err)
				}
				if round > 0 { // the first one warms up
					times[i] = append(times[i], t...)
				}
			}
		}
		for i, c := range contestants {
			perSecond := float64(len(times[i])) / (time.Duration(o.rounds) * o.round).Seconds()
			fmt.Printf("%-8d %-14s %9.0f%s\n", clients, c.name, perSecond, times[i].Row())
		}
	}
	return nil
}

// closedLoop has clients that send one after another, for a while, and returns
// how long each sending took. The first error ends it.
func closedLoop(ctx context.Context, clients int, while time.Duration, send func(context.Context, int) error) (program.Times, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end := time.Now().Add(while)
	took := make([]program.Times, clients)
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for n := c; ; n += clients {
				began := time.Now()
				if !began.Before(end) || ctx.Err() != nil {
					return
				}
				if err := send(ctx, n); err != nil {
					cancel(err)
					return
				}
				took[c] = append(took[c], time.Since(began))
			}
		})
	}
	all.Wait()
	var merged program.Times
	for _, t := range took {
		merged = append(merged, t...)
	}
	return merged, context.Cause(ctx)
}
