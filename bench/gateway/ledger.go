package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
)

// ledger sends likes, the same for each contestant: they come at random, at a
// rate. It knows when each was acknowledged. All likes of a video are in one
// partition, so that a total of n says that the first n have been counted.
type ledger struct {
	o      options
	k      *counter
	random *rand.Rand
	began  time.Time

	sent  []int            // by video
	first []int            // by video: those before it are not measured
	acked [][]atomic.Int64 // by video and like: nanoseconds since began; 0 not yet
	fail  atomic.Pointer[error]
}

// newLedger has room for the likes of a time.
func newLedger(o options, k *counter, room time.Duration) *ledger {
	l := &ledger{o: o, k: k, random: rand.New(rand.NewPCG(1, 1)), began: time.Now()}
	l.sent, l.first, l.acked = make([]int, o.videos), make([]int, o.videos), make([][]atomic.Int64, o.videos)
	most := 2*int(float64(o.rate)*room.Seconds())/o.videos + 1000 // twice a video's share: chance does not go that far
	for i := range l.acked {
		l.acked[i] = make([]atomic.Int64, most)
	}
	return l
}

// send sends likes for a time, evenly, and waits for the last acknowledgement.
// It returns how many.
func (l *ledger) send(ctx context.Context, span time.Duration) (likes int, err error) {
	const tick = 10 * time.Millisecond
	began := time.Now()
	for n := range int(span / tick) {
		for upTo := int(float64(l.o.rate) * (time.Duration(n+1) * tick).Seconds()); likes < upTo; likes++ {
			if err := l.like(ctx, l.random.IntN(l.o.videos)); err != nil {
				return likes, err
			}
		}
		select {
		case <-time.After(time.Until(began.Add(time.Duration(n+1) * tick))):
		case <-ctx.Done():
			return likes, ctx.Err()
		}
	}
	if err := l.k.client.Flush(ctx); err != nil {
		return likes, fmt.Errorf("send likes: %w", err)
	}
	if failed := l.fail.Load(); failed != nil {
		return likes, fmt.Errorf("send likes: %w", *failed)
	}
	return likes, nil
}

func (l *ledger) like(ctx context.Context, video int) error {
	n := l.sent[video]
	if n == len(l.acked[video]) {
		return fmt.Errorf("send likes: video %d has more than %d", video, n)
	}
	l.sent[video]++
	acked := &l.acked[video][n]
	l.k.client.Produce(ctx, &kgo.Record{
		Topic: l.k.topics.Ingestion, Partition: int32(video % partitions), Value: []byte(videoID(video)),
	}, func(_ *kgo.Record, err error) {
		if err != nil {
			l.fail.CompareAndSwap(nil, &err)
			return
		}
		acked.Store(int64(time.Since(l.began)))
	})
	return nil
}

// begin says that only the likes from now on are measured. Nothing may be sent
// at the same time.
func (l *ledger) begin() { copy(l.first, l.sent) }

// since is how long ago a video's like n was acknowledged, 0 where the answer is
// still on its way; false where it is not measured.
func (l *ledger) since(now time.Time, video, n int) (time.Duration, bool) {
	if n < l.first[video] || n >= len(l.acked[video]) {
		return 0, false
	}
	acked := l.acked[video][n].Load()
	if acked == 0 {
		return 0, true
	}
	return max(0, now.Sub(l.began)-time.Duration(acked)), true
}

func videoID(i int) likes.VideoID {
	return likes.VideoID(fmt.Sprintf("93f98662-8907-4f43-bb4c-%012d", i))
}
