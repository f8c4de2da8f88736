package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"distributed-counter/gateway/socketio/sockettest"
)

// crowd is the viewers. Each reads on a goroutine of its own.
type crowd struct {
	viewers   []*viewer
	reading   sync.WaitGroup
	measuring atomic.Bool
	leaving   atomic.Bool
}

type viewer struct {
	*sockettest.Client
	latencies []time.Duration
	dropped   bool
}

// gather connects the viewers, fifty at a time.
func gather(ctx context.Context, o options, url string) (*crowd, error) {
	c := &crowd{viewers: make([]*viewer, o.viewers)}
	connecting, ctx := errgroup.WithContext(ctx)
	connecting.SetLimit(50)
	for i := range c.viewers {
		connecting.Go(func() error {
			client, err := sockettest.Connect(ctx, sockettest.Options{URL: url, ReadBuffer: 1024})
			if err == nil {
				err = client.Emit("register_room", map[string]any{"rooms": []string{string(videoID(i % o.videos))}})
			}
			if err != nil {
				return fmt.Errorf("viewer %d: %w", i, err)
			}
			c.viewers[i] = &viewer{Client: client}
			return nil
		})
	}
	if err := connecting.Wait(); err != nil {
		return nil, err
	}
	for _, v := range c.viewers {
		c.reading.Go(func() { c.read(v) })
	}
	return c, nil
}

// read answers pings and takes the time of events.
func (c *crowd) read(v *viewer) {
	const mark = `"as_of":"`
	for {
		text, err := v.ReadText()
		if err != nil {
			v.dropped = !c.leaving.Load()
			return
		}
		if text == "2" {
			_ = v.SendText("3") // its failure is the next read's
			continue
		}
		i := strings.LastIndex(text, mark)
		if i < 0 || !c.measuring.Load() {
			continue
		}
		at := text[i+len(mark):]
		if sent, err := time.Parse(time.RFC3339Nano, at[:strings.IndexByte(at, '"')]); err == nil {
			v.latencies = append(v.latencies, time.Since(sent))
		}
	}
}

func (c *crowd) begin() { c.measuring.Store(true) }

// end ends the measurement and returns what all have seen.
func (c *crowd) end() (all []time.Duration, dropped int) {
	c.leave()
	for _, v := range c.viewers {
		all = append(all, v.latencies...)
		if v.dropped {
			dropped++
		}
	}
	return all, dropped
}

// leave closes the connections; it may be called twice.
func (c *crowd) leave() {
	c.leaving.Store(true)
	for _, v := range c.viewers {
		v.Close()
	}
	c.reading.Wait()
}
