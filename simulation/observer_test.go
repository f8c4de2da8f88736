package simulation_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// observer reads every topic from its first record on, over a network that
// nothing happens to. It reads uncommitted records and markers too, and works
// out by itself what was committed: so each offset of each partition must come,
// and a record that is missing is noticed.
type observer struct {
	cl   *kgo.Client
	stop context.CancelFunc
	done chan struct{}

	mu     sync.Mutex // guards the rest
	parts  map[place]*history
	faults []string
	aborts int
	came   int // records, markers apart
}

type place struct {
	topic     string
	partition int32
}

// history is all records of a partition, by offset.
type history struct {
	records []*seen
	open    map[int64][]*seen // by producer: those of transactions without an end
}

// seen is a record, and what became of it.
type seen struct {
	*kgo.Record
	at      time.Time // when the observer got it
	outcome outcome
	settled time.Time // when the outcome was known
}

type outcome int

const (
	undecided outcome = iota
	committed
	aborted
	marker // the end of a transaction, no record of anybody's
)

func observe(dialer kgo.Opt, brokers, topics []string) *observer {
	cl, err := kgo.NewClient(dialer,
		kgo.SeedBrokers(brokers...), kgo.ClientID("observer"),
		kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadUncommitted()),
		kgo.KeepControlRecords(),
		kgo.MetadataMaxAge(2*time.Second), kgo.MetadataMinAge(100*time.Millisecond),
		kgo.FetchMaxBytes(64<<20), kgo.FetchMaxPartitionBytes(16<<20),
	)
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	o := &observer{cl: cl, stop: stop, done: make(chan struct{}), parts: make(map[place]*history)}
	go o.run(ctx)
	return o
}

func (o *observer) run(ctx context.Context) {
	defer close(o.done)
	defer o.cl.Close()
	for ctx.Err() == nil {
		fetches := o.cl.PollFetches(ctx)
		o.mu.Lock()
		fetches.EachError(func(topic string, p int32, err error) {
			if ctx.Err() == nil {
				o.faults = append(o.faults, fmt.Sprintf("the observer cannot read %s/%d: %v", topic, p, err))
			}
		})
		fetches.EachRecord(o.see)
		o.mu.Unlock()
	}
}

func (o *observer) see(r *kgo.Record) {
	if !r.Attrs.IsControl() {
		o.came++
	}
	at := place{r.Topic, r.Partition}
	h := o.parts[at]
	if h == nil {
		h = &history{open: make(map[int64][]*seen)}
		o.parts[at] = h
	}
	if int64(len(h.records)) != r.Offset {
		o.faults = append(o.faults, fmt.Sprintf("gap in %s/%d: offset %d came after %d", r.Topic, r.Partition, r.Offset, len(h.records)-1))
		return
	}
	s := &seen{Record: r, at: time.Now()}
	h.records = append(h.records, s)
	switch {
	case r.Attrs.IsControl():
		s.outcome = marker
		end := aborted
		if len(r.Key) >= 4 && binary.BigEndian.Uint16(r.Key[2:]) == 1 {
			end = committed
		}
		if end == aborted && len(h.open[r.ProducerID]) > 0 {
			o.aborts++
		}
		for _, p := range h.open[r.ProducerID] {
			p.outcome, p.settled = end, s.at
		}
		delete(h.open, r.ProducerID)
	case r.Attrs.IsTransactional():
		h.open[r.ProducerID] = append(h.open[r.ProducerID], s)
	default:
		s.outcome, s.settled = committed, s.at
	}
}

// upTo waits until the observer has seen all records of a partition before next,
// or has missed some.
func (o *observer) upTo(at place, next int64) {
	for {
		o.mu.Lock()
		h := o.parts[at]
		there := h != nil && int64(len(h.records)) >= next || len(o.faults) > 0
		o.mu.Unlock()
		if there {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func (o *observer) close() {
	o.stop()
	<-o.done
}

// sight is what the observer saw, once it is closed or nothing moves any more.
type sight struct {
	parts  map[place][]*seen
	aborts int
}

func (o *observer) sight() sight {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := sight{parts: make(map[place][]*seen), aborts: o.aborts}
	for at, h := range o.parts {
		// Copies: outcomes are still to come.
		all := make([]seen, len(h.records))
		for i, r := range h.records {
			all[i] = *r
			s.parts[at] = append(s.parts[at], &all[i])
		}
	}
	return s
}

// read is the committed records of a partition before the first whose outcome
// is undecided, as a read_committed consumer gets them.
func (s sight) read(at place) []*seen {
	var out []*seen
	for _, r := range s.parts[at] {
		if r.outcome == undecided {
			break
		}
		if r.outcome == committed {
			out = append(out, r)
		}
	}
	return out
}

// topic is the committed records of all partitions of a topic, partition by
// partition.
func (s sight) topic(name string) []*seen {
	var out []*seen
	for _, p := range s.partitions(name) {
		out = append(out, s.read(place{name, p})...)
	}
	return out
}

func (s sight) partitions(topic string) []int32 {
	var ps []int32
	for at := range s.parts {
		if at.topic == topic {
			ps = append(ps, at.partition)
		}
	}
	slices.Sort(ps)
	return ps
}

// undecided is how many records wait for the end of their transaction.
func (s sight) undecided() (n int) {
	for _, records := range s.parts {
		for _, r := range records {
			if r.outcome == undecided {
				n++
			}
		}
	}
	return n
}
