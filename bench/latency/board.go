package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/bench/program"
)

// board knows the probes: likes of videos that nobody else likes, each video
// with one probe under way at most. So the total that has a probe is known.
type board struct {
	videos map[string]*probe // never changes; its probes do

	mu    sync.Mutex // guards the rest, and the probes
	idle  []*probe
	known []timed
}

// probe is a video of a board.
type probe struct {
	video string
	want  uint64    // the total that has the likes under way
	acked time.Time // zero until then
	seen  time.Time // zero until then
}

// timed is a probe that is over.
type timed struct {
	acked time.Time
	took  time.Duration // from then until its running count was seen
}

func newBoard(videos []string) *board {
	b := &board{videos: make(map[string]*probe)}
	for _, v := range videos {
		p := &probe{video: v}
		b.videos[v] = p
		b.idle = append(b.idle, p)
	}
	return b
}

// take takes the probe that has been idle for longest, for some likes.
func (b *board) take(likes int) (*probe, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.idle) == 0 {
		return nil, fmt.Errorf("none of %d probes has come: running counts stand still", len(b.videos))
	}
	p := b.idle[0]
	b.idle = b.idle[1:]
	p.want += uint64(likes)
	p.acked, p.seen = time.Time{}, time.Time{}
	return p, nil
}

// acknowledged says that all likes of a probe are.
func (b *board) acknowledged(p *probe) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.acked = time.Now()
	b.done(p)
}

// see looks at a running count.
func (b *board) see(r *kgo.Record, at time.Time) error {
	p := b.videos[string(r.Key)]
	if p == nil {
		return nil
	}
	var counts struct {
		Total uint64 `json:"total"`
	}
	if err := json.Unmarshal(r.Value, &counts); err != nil {
		return fmt.Errorf("running count %q: %w", r.Value, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.want > 0 && counts.Total >= p.want && p.seen.IsZero() {
		p.seen = at
		b.done(p)
	}
	return nil
}

// done ends a probe that was both acknowledged and seen. One that was seen
// first took no time.
func (b *board) done(p *probe) {
	if p.acked.IsZero() || p.seen.IsZero() {
		return
	}
	b.known = append(b.known, timed{p.acked, max(p.seen.Sub(p.acked), 0)})
	b.idle = append(b.idle, p)
}

// wait waits until all probes have come.
func (b *board) wait(ctx context.Context, within time.Duration) error {
	deadline := time.Now().Add(within)
	for {
		b.mu.Lock()
		missing := len(b.videos) - len(b.idle)
		b.mu.Unlock()
		switch {
		case missing == 0:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Now().After(deadline):
			return fmt.Errorf("%d probes have no running count after %v", missing, within)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// between is how long the probes took that were acknowledged in a while.
func (b *board) between(from, to time.Time) (t program.Times) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range b.known {
		if !k.acked.Before(from) && k.acked.Before(to) {
			t = append(t, k.took)
		}
	}
	return t
}

// follow gives each committed record of topics to see, from the first one on,
// with the instant it came, until ctx is done.
func follow(ctx context.Context, broker string, topics []string, see func(*kgo.Record, time.Time) error) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return fmt.Errorf("create reader: %w", err)
	}
	defer cl.Close()
	for {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read %v: %w", topics, err)
		}
		at := time.Now()
		for iter := fetches.RecordIter(); !iter.Done(); {
			if err := see(iter.Next(), at); err != nil {
				return err
			}
		}
	}
}
