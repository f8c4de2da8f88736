package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The names of what is used of the processor's settings' defaults.
const ingestion = "video_clicks_ingestion"

// A like of each video is spread over so long, so long ago: all windows have
// closed.
const (
	likesSpan = 10 * time.Minute
	likesAgo  = time.Hour
)

// windowsPerLike is the final counts that one like of a video leads to.
const windowsPerLike = 3

// countedWithin bounds how long it may take until all is published.
const countedWithin = 10 * time.Minute

// fill has a processor count one like of each video, and ends it when the last
// final count is published.
func (c *counter) fill(ctx context.Context) (err error) {
	p, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer func() {
		_, stopped := p.Stop()
		err = errors.Join(err, stopped)
	}()
	if _, err := p.Ready(ctx); err != nil { // the topics are there
		return err
	}
	if err := c.likeEach(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, countedWithin)
	defer cancel()
	for want := float64(windowsPerLike * c.videos); ; {
		m, err := p.Metrics(ctx)
		if err != nil {
			return err
		}
		switch got := m["counter_final_counts_total"]; {
		case got == want:
			return nil
		case got > want:
			return fmt.Errorf("%.0f final counts, expected %.0f", got, want)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (c *counter) likeEach(ctx context.Context) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.broker), kgo.DefaultProduceTopic(ingestion),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(200_000))
	if err != nil {
		return fmt.Errorf("create producer: %w", err)
	}
	defer cl.Close()
	random := rand.New(rand.NewPCG(1, 1))
	start := time.Now().Add(-likesAgo).Truncate(likesSpan)
	var mu sync.Mutex // guards failed
	var failed error
	for i := range c.videos {
		at := start.Add(time.Duration(float64(likesSpan) * float64(i) / float64(c.videos)))
		cl.Produce(ctx, &kgo.Record{Timestamp: at, Value: []byte(uuid(random))}, func(_ *kgo.Record, err error) {
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = err
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return fmt.Errorf("send likes: %w", err)
	}
	mu.Lock()
	defer mu.Unlock()
	if failed != nil {
		return fmt.Errorf("send likes: %w", failed)
	}
	return nil
}

func uuid(r *rand.Rand) string {
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.UintN(1<<16), r.UintN(1<<12), r.UintN(1<<12), r.Uint64N(1<<48))
}

// read takes from a processor's log when each log partition began to count, and
// how many records it had restored before.
func (r *result) read(log []byte, began time.Time, parts int) error {
	restored := make(map[int]int)
	counting := make(map[int]time.Duration)
	lines := bufio.NewScanner(bytes.NewReader(log))
	for lines.Scan() {
		var line struct {
			Time      time.Time `json:"time"`
			Message   string    `json:"msg"`
			Partition int       `json:"partition"`
			Records   int       `json:"records"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("log line %q: %w", lines.Bytes(), err)
		}
		switch line.Message {
		case "restored from the changelog":
			restored[line.Partition] = line.Records
		case "counting":
			counting[line.Partition] = line.Time.Sub(began)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	if len(counting) != parts {
		return fmt.Errorf("%d log partitions count, expected %d", len(counting), parts)
	}
	r.first, r.perSecond = math.MaxInt64, math.Inf(1)
	for p, at := range counting {
		r.first, r.last = min(r.first, at), max(r.last, at)
		r.records += restored[p]
		r.perSecond = min(r.perSecond, float64(restored[p])/at.Seconds())
	}
	return nil
}
