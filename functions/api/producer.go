package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
)

// Why a like was not confirmed, where that is told apart.
var (
	errDeadline = errors.New("not confirmed by the deadline")
	errClosed   = errors.New("shutting down")
)

const (
	// replaceAfter is how many deadlines nothing but failure is borne before
	// the client is given up for a new one. It recovers by itself from what
	// is known; this is for what is not.
	replaceAfter = 3
	// rounds is how many groups of likes per deadline share one context.
	rounds = 64
	// logEvery bounds the lines about a Kafka that comes and goes.
	logEvery = 10 * time.Second
	// answerMargin is kept free of the deadline of a request's own context,
	// for the answer to get out.
	answerMargin = 200 * time.Millisecond
)

// producer sends likes, many requests' through one Kafka client, which packs
// what is there at the same time into one batch.
type producer struct {
	cfg     Config
	metrics *metrics
	dial    *dialWatch
	base    context.Context // of all likes; ended by close
	cancel  context.CancelFunc
	retired sync.WaitGroup // of clients that were replaced and are closing

	mu      sync.Mutex // guards what follows
	client  *kgo.Client
	born    time.Time // when the client was made
	closed  bool
	round   context.Context // shared by the likes of a moment
	roundTo time.Time       // until when round takes more of them
	trouble trouble
}

// trouble is what is known of a time in which likes are refused.
type trouble struct {
	since   time.Time // of the first refusal after the last success; zero when well
	refused int
	told    bool      // whether its beginning was logged
	line    time.Time // of the last such line
}

func newProducer(cfg Config, m *metrics) (*producer, error) {
	p := &producer{cfg: cfg, metrics: m, dial: &dialWatch{}}
	p.base, p.cancel = context.WithCancel(context.Background())
	var err error
	if p.client, err = p.newClient(); err != nil {
		p.cancel()
		return nil, err
	}
	p.born = time.Now()
	return p, nil
}

// send returns nil once the like is durable. A nil error is the truth; any
// other may hide a like that Kafka got and whose confirmation was lost.
//
// The like's own time is not the request's: a viewer who closes the page must
// not take the likes of others, which travel in the same batch, with him. Where
// a like's time ends, the client gives up those that wait behind it in the same
// partition, too: in an outage a like may be refused before its own deadline.
func (p *producer) send(ctx context.Context, id likes.VideoID, trace []kgo.RecordHeader) error {
	life, stop, client, err := p.begin(ctx)
	if err != nil {
		return err
	}
	defer stop()
	start := time.Now()
	done := make(chan error, 1) // room for the promise when nobody waits any more
	client.TryProduce(life, &kgo.Record{Topic: p.cfg.Topic, Value: []byte(id), Headers: trace},
		func(_ *kgo.Record, err error) { done <- err })
	select {
	case err = <-done:
	case <-life.Done():
		select {
		case err = <-done: // it was just in time, or knows more
		default:
			err = errDeadline
		}
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err() // says nothing about Kafka
		}
		err = errDeadline
	}
	p.metrics.produce.Observe(time.Since(start).Seconds())
	p.observe(ctx, err)
	return err
}

// begin gives a like its client and its lifetime. Likes of the same moment, a
// 64th of a deadline, share one context: it ends by its clock alone, since the
// client cancels a whole batch when the context of one of its likes is done.
// Only a request with an earlier deadline of its own, in a Lambda, where it is
// alone, has a context of its own.
func (p *producer) begin(ctx context.Context) (life context.Context, stop func(), client *kgo.Client, err error) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, nil, errClosed
	}
	if end, ok := ctx.Deadline(); ok && end.Add(-answerMargin).Before(now.Add(p.cfg.Deadline)) {
		life, cancel := context.WithDeadline(p.base, end.Add(-answerMargin))
		return life, cancel, p.client, nil
	}
	if p.round == nil || !now.Before(p.roundTo) {
		round, cancel := context.WithTimeout(p.base, p.cfg.Deadline)
		context.AfterFunc(round, cancel)
		p.round, p.roundTo = round, now.Add(p.cfg.Deadline/rounds)
	}
	return p.round, func() {}, p.client, nil
}

// observe follows how Kafka is: it says once that likes are refused and once
// that they are accepted again, and replaces a client that only fails.
func (p *producer) observe(ctx context.Context, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, t := time.Now(), &p.trouble
	if err == nil {
		if t.told {
			p.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "likes are accepted again",
				slog.Duration("after", now.Sub(t.since)), slog.Int("refused", t.refused))
		}
		p.trouble = trouble{line: t.line}
		return
	}
	t.refused++
	if t.since.IsZero() {
		t.since = now
	}
	if !t.told && (t.line.IsZero() || now.Sub(t.line) >= logEvery) {
		t.told, t.line = true, now
		p.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "likes are refused", slog.String("topic", p.cfg.Topic),
			slog.Any("brokers", p.cfg.Brokers), slog.Any("error", err), slog.String("connection", p.dial.state()))
	}
	bad := max(now.Sub(t.since), 0)
	if !p.closed && min(bad, now.Sub(p.born)) >= replaceAfter*p.cfg.Deadline {
		p.replace(ctx, now)
	}
}

// replace is called with the mutex held. Likes that the old client still has
// are told so and answered 503.
func (p *producer) replace(ctx context.Context, now time.Time) {
	client, err := p.newClient()
	if err != nil { // the options were good before
		p.cfg.Log.LogAttrs(ctx, slog.LevelError, "replace Kafka client", slog.Any("error", err))
		return
	}
	old := p.client
	p.client, p.born = client, now
	p.metrics.replaced.Inc()
	p.retired.Go(old.Close)
}

// close lets what was begun end, at most one deadline.
func (p *producer) close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	client := p.client
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(p.base, p.cfg.Deadline)
	defer cancel()
	_ = client.Flush(ctx) // what is not out by then has been answered 503
	p.cancel()
	client.Close()
	p.retired.Wait()
}

// unavailable is what a client reads of an error of send. Addresses and the
// like are for the log. What is not told apart here, a connection that broke or
// a client that was replaced, leaves the like unconfirmed, and no more is known.
func unavailable(err error) error {
	detail := "Kafka did not confirm the like in time; it was probably not counted: send it again later"
	var refused *kerr.Error
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		detail = "the topic for likes does not exist yet: start a processor, which creates it, and send the like again"
	case errors.As(err, &refused):
		detail = "Kafka refused the like: send it again later"
	case errors.Is(err, errClosed):
		detail = "this server is shutting down: send the like again"
	case errors.Is(err, kgo.ErrMaxBuffered):
		detail = "too many likes wait for Kafka: send this one again later"
	}
	return fmt.Errorf("%w: %w", problem{http.StatusServiceUnavailable, detail}, err)
}
