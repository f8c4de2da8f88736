package pipeline

import (
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// reader reads partitions for tasks, in one client without a group, committed
// records only, and never resets an offset by itself. Control records are
// delivered too: the position of a task counts them.
//
// All changes of what is read are made between two polls, by the goroutine
// that polls. So a subscription gets the records of its own fetches and never
// those that an earlier one of the same partition has left in the client.
type reader struct {
	cl   *kgo.Client
	done chan struct{} // closed when run has returned

	mu    sync.Mutex // guards the next three
	queue []func()   // for the polling goroutine
	wake  func()     // ends the poll under way
	subs  map[topicPartition]*subscription
}

type topicPartition struct {
	topic     string
	partition int32
}

func newReader(opts []kgo.Opt) (*reader, error) {
	cl, err := kgo.NewClient(append(opts,
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.KeepControlRecords(),
		kgo.FetchMaxWait(fetchWait),
		// An empty consumer of partitions; it is given some as tasks start.
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{}),
	)...)
	if err != nil {
		return nil, fmt.Errorf("create reader: %w", err)
	}
	return &reader{
		cl:   cl,
		done: make(chan struct{}),
		wake: func() {},
		subs: make(map[topicPartition]*subscription),
	}, nil
}

// run polls until ctx is done, and closes the client.
func (r *reader) run(ctx context.Context) {
	defer close(r.done)
	defer r.cl.Close()
	for ctx.Err() == nil {
		poll, cancel := context.WithCancel(ctx)
		r.mu.Lock()
		queue := r.queue
		r.queue, r.wake = nil, cancel
		r.mu.Unlock()
		for _, f := range queue {
			f()
		}
		fetches := r.cl.PollFetches(poll)
		cancel()
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			r.mu.Lock()
			sub := r.subs[topicPartition{p.Topic, p.Partition}]
			r.mu.Unlock()
			if sub != nil {
				sub.push(fetched{p.Records, p.Err})
			}
		})
	}
}

// between has f called by the polling goroutine, between two polls, and waits
// for that, or for the end of the reader.
func (r *reader) between(f func()) {
	called := make(chan struct{})
	r.mu.Lock()
	r.queue = append(r.queue, func() { f(); close(called) })
	r.wake()
	r.mu.Unlock()
	select {
	case <-called:
	case <-r.done:
	}
}

// subscribe begins to read a partition. There must be no other subscription
// to it. The caller closes it.
func (r *reader) subscribe(topic string, partition int32, from kgo.Offset) *subscription {
	sub := &subscription{r: r, at: topicPartition{topic, partition}, ready: make(chan struct{}, 1)}
	r.between(func() {
		r.mu.Lock()
		if r.subs[sub.at] != nil {
			panic(fmt.Sprintf("pipeline: second subscription to %s/%d", topic, partition))
		}
		r.subs[sub.at] = sub
		r.mu.Unlock()
		r.cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: from}})
	})
	return sub
}

// maxFetches bounds the fetches of one partition, of a megabyte each, that
// wait for its task. The partition is paused while there are as many.
const maxFetches = 8

// subscription is the records of one partition, for one task.
type subscription struct {
	r  *reader
	at topicPartition
	// ready has a value while there may be something to take.
	ready chan struct{}

	mu     sync.Mutex // guards the rest; never held together with the reader's
	queue  []fetched
	paused bool
	closed bool
}

// failed is the fetch's error, with where it was.
func (s *subscription) failed(f fetched) error {
	if f.err == nil {
		return nil
	}
	return fmt.Errorf("read %s/%d: %w", s.at.topic, s.at.partition, f.err)
}

// fetched is what one poll had of one partition: records, an error, or both,
// the records first.
type fetched struct {
	records []*kgo.Record
	err     error
}

func (s *subscription) push(f fetched) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.queue = append(s.queue, f)
	if len(s.queue) >= maxFetches && !s.paused {
		s.paused = true
		s.r.cl.PauseFetchPartitions(s.partitions())
	}
	s.signal()
}

func (s *subscription) signal() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// take returns the oldest fetch that waits; none where there is none.
func (s *subscription) take() fetched {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return fetched{}
	}
	f := s.queue[0]
	s.queue = append(s.queue[:0], s.queue[1:]...)
	if len(s.queue) > 0 {
		s.signal()
	}
	if s.paused && len(s.queue) < maxFetches/2 {
		s.paused = false
		s.r.cl.ResumeFetchPartitions(s.partitions())
	}
	return f
}

// next waits for a fetch.
func (s *subscription) next(ctx context.Context) (fetched, error) {
	for {
		if f := s.take(); len(f.records) > 0 || f.err != nil {
			return f, nil
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return fetched{}, ctx.Err()
		case <-s.r.done:
			return fetched{}, context.Canceled
		}
	}
}

// close ends the reading of the partition. It may be called twice.
func (s *subscription) close() {
	s.mu.Lock()
	closed := s.closed
	s.closed, s.queue = true, nil
	s.mu.Unlock()
	if closed {
		return
	}
	s.r.between(func() {
		s.r.mu.Lock()
		delete(s.r.subs, s.at)
		s.r.mu.Unlock()
		s.r.cl.RemoveConsumePartitions(s.partitions())
		s.r.cl.ResumeFetchPartitions(s.partitions())
	})
}

func (s *subscription) partitions() map[string][]int32 {
	return map[string][]int32{s.at.topic: {s.at.partition}}
}
