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

// board knows the probes: each video has one under way at most.
type board struct {
	mu      sync.Mutex // guards the rest
	idle    []*probe
	byVideo map[string]*probe
	acked   program.Times // from sending to acknowledgement
	fromAck program.Times // from there to the running count
}

// probe is a video that only one like at a time is for.
type probe struct {
	video    string
	want     uint64 // the total that has the like under way
	measured bool
	acked    time.Time // zero until then
	seen     time.Time // zero until then
}

func newBoard(videos []string) *board {
	b := &board{byVideo: make(map[string]*probe)}
	for _, v := range videos {
		p := &probe{video: v}
		b.byVideo[v] = p
		b.idle = append(b.idle, p)
	}
	return b
}

// take takes the probe that has been idle for longest.
func (b *board) take() (*probe, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.idle) == 0 {
		return nil, fmt.Errorf("none of %d probes has come: running counts stand still", len(b.byVideo))
	}
	p := b.idle[0]
	b.idle = b.idle[1:]
	p.want++
	p.acked, p.seen = time.Time{}, time.Time{}
	return p, nil
}

func (b *board) acknowledged(p *probe, sent time.Time, measured bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.acked, p.measured = time.Now(), measured
	if measured {
		b.acked = append(b.acked, p.acked.Sub(sent))
	}
	b.done(p)
}

func (b *board) saw(video string, total uint64, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.byVideo[video]; p != nil && total >= p.want && p.seen.IsZero() && p.want > 0 {
		p.seen = at
		b.done(p)
	}
}

// done ends a probe that was both acknowledged and seen. One that was seen
// first took no time.
func (b *board) done(p *probe) {
	if p.acked.IsZero() || p.seen.IsZero() {
		return
	}
	if p.measured {
		b.fromAck = append(b.fromAck, max(p.seen.Sub(p.acked), 0))
	}
	b.idle = append(b.idle, p)
}

// wait waits until all probes have come.
func (b *board) wait(ctx context.Context, within time.Duration) error {
	deadline := time.Now().Add(within)
	for {
		b.mu.Lock()
		missing := len(b.byVideo) - len(b.idle)
		b.mu.Unlock()
		switch {
		case missing == 0:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Now().After(deadline):
			return fmt.Errorf("%d acknowledged likes have no running count after %v", missing, within)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// read reads running counts until ctx is done.
func (b *board) read(ctx context.Context, reader *kgo.Client) error {
	for {
		fetches := reader.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read running counts: %w", err)
		}
		at := time.Now()
		for iter := fetches.RecordIter(); !iter.Done(); {
			r := iter.Next()
			if b.byVideo[string(r.Key)] == nil { // the map itself never changes
				continue
			}
			var counts struct {
				Total uint64 `json:"total"`
			}
			if err := json.Unmarshal(r.Value, &counts); err != nil {
				return fmt.Errorf("running count %q: %w", r.Value, err)
			}
			b.saw(string(r.Key), counts.Total, at)
		}
	}
}
