package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// finals are the topics of final counts.
var finals = []string{"video_aggregations_1", "video_aggregations_5", "video_aggregations_10"}

// crowd is the many videos and what was read of them.
type crowd struct {
	ids map[string]struct{} // never changes

	mu        sync.Mutex // guards the rest
	rows      map[string]*rows
	silence   []silence
	announced rows
	lastLive  map[int32]time.Time
}

// rows are the records of a topic that are about the many.
type rows struct {
	n           int
	first, last time.Time
}

func (r *rows) add(at time.Time) {
	if r.n++; r.n == 1 {
		r.first = at
	}
	r.last = at
}

// silence is a time in which no running count came from a partition.
type silence struct {
	until time.Time
	took  time.Duration
}

func newCrowd(ids []string) *crowd {
	c := &crowd{ids: make(map[string]struct{}), rows: make(map[string]*rows), lastLive: make(map[int32]time.Time)}
	for _, id := range ids {
		c.ids[id] = struct{}{}
	}
	for _, topic := range finals {
		c.rows[topic] = new(rows)
	}
	return c
}

// see looks at a record of any output.
func (c *crowd) see(r *kgo.Record, at time.Time) error {
	_, ours := c.ids[string(r.Key)]
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case r.Topic == live:
		if last, known := c.lastLive[r.Partition]; known && at.After(last) {
			c.silence = append(c.silence, silence{at, at.Sub(last)})
		}
		c.lastLive[r.Partition] = at
		if ours {
			c.announced.add(at)
		}
	case ours:
		c.rows[r.Topic].add(at)
	}
	return nil
}

// of is what was read of the many in a topic so far.
func (c *crowd) of(topic string) rows {
	c.mu.Lock()
	defer c.mu.Unlock()
	if topic == live {
		return c.announced
	}
	return *c.rows[topic]
}

// silent is the longest silence of a partition that was in a while, or reached
// into it.
func (c *crowd) silent(from, to time.Time) (longest time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.silence {
		if s.until.After(from) && s.until.Add(-s.took).Before(to) {
			longest = max(longest, s.took)
		}
	}
	return longest
}

// wait waits until all is published and announced.
func (c *crowd) wait(ctx context.Context, many int) error {
	deadline := time.Now().Add(publishedWithin)
	for {
		missing := 0
		for _, topic := range append([]string{live}, finals...) {
			missing += many - c.of(topic).n
		}
		switch {
		case missing == 0:
			return nil
		case missing < 0:
			return fmt.Errorf("%d records more than expected", -missing)
		case time.Now().After(deadline):
			return fmt.Errorf("%d records are missing after %v", missing, publishedWithin)
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
