package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
)

// Audience is told of changes, one at a time; of several that were read at once,
// only a video's newest running counts, and of final counts that are not
// [Feed.Recent] only the newest of a kind, so that who is behind catches up. While
// it is told, nothing else changes about that video and no [Feed.View] of it
// runs, so what it sends on leaves in the right order. It must not block, nor
// call the feed about the same video.
type Audience interface {
	// Running tells the running counts and the total of a video.
	Running(likes.Live)
	// Final tells a final count; window is a row of likes.Windows.
	Final(window int, f likes.Final)
	// CaughtUp says that what was taken in silently may be shown: Running and
	// Final follow. It is called again when Kafka has been replaced by an
	// empty one. It may view any video.
	CaughtUp()
}

// Health takes whether the feed is ready. An *admin.Check is one.
type Health interface {
	Ready()
	NotReady(reason string)
}

// Config is what a Feed is made of. Audience and Pane are required.
type Config struct {
	// Brokers are the Kafka brokers to ask first, host:port each.
	Brokers []string
	Topics  likes.Topics
	// Pane is the length of the shortest window, whole milliseconds.
	Pane     time.Duration
	Audience Audience
	// Health is told when the feed is ready; nil for nobody. Once ready it
	// stays so while Kafka is away: counts that stand still are worth more
	// than none, and every replica would be unready at once.
	Health Health
	// Log gets a line when Kafka is waited for, is away, is back, and when
	// the feed is ready; never one per record.
	Log     *slog.Logger
	Metrics prometheus.Registerer // nil: not registered
	// Kafka are options for the client beside ours: a dialer, TLS, SASL, hooks.
	Kafka []kgo.Opt
}

// Feed is the newest counts of all videos. Run keeps it; all other methods may
// be called by anybody at any time.
type Feed struct {
	cfg     Config
	metrics *metrics
	values  table
	boards  [len(likes.Windows)]board

	ready chan struct{} // closed when first caught up

	// The rest is Run's own.
	known    layout              // of the topics that values came from
	next     map[partition]int64 // offset after the last record taken
	caughtUp bool
	news     news
}

// New returns a Feed that knows nothing until Run.
func New(cfg Config) (*Feed, error) {
	if cfg.Audience == nil || cfg.Pane < time.Millisecond {
		return nil, errors.New("feed: an audience and a pane of a millisecond at least are required")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Health == nil {
		cfg.Health = nobody{}
	}
	f := &Feed{cfg: cfg, values: newTable(), ready: make(chan struct{}), next: make(map[partition]int64)}
	m, err := newMetrics(cfg.Metrics, f)
	if err != nil {
		return nil, err
	}
	f.metrics = m
	return f, nil
}

type nobody struct{}

func (nobody) Ready()          {}
func (nobody) NotReady(string) {}

const (
	restartPause = time.Second // between an error of the client and a new one
	tellAgain    = time.Minute // of reading, after which the same error is news
)

// Run reads until ctx is done, and then returns nil. It outlives everything
// that Kafka can do: it waits, reads on from where it was, and where the topics
// are other ones it begins anew.
func (f *Feed) Run(ctx context.Context) error {
	told := "" // what was told last: what only fails says so once
	for ctx.Err() == nil {
		began := time.Now()
		err := f.session(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		if time.Since(began) >= tellAgain {
			told = ""
		}
		if what := gist(err); what != told && !errors.Is(err, errTopicsChanged) {
			told = what
			f.cfg.Log.Warn("reading counts is interrupted", "reason", err)
		}
		pause(ctx, restartPause)
	}
	return nil
}

// gist is Kafka's answer without the partition that happened to have it first,
// or else all that an error says.
func gist(err error) string {
	if answer := (*kerr.Error)(nil); errors.As(err, &answer) {
		return answer.Message
	}
	return err.Error()
}

// pause waits, and reports whether ctx is not done.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Ready is closed once all partitions have been read to where they ended at the
// start.
func (f *Feed) Ready() <-chan struct{} { return f.ready }

// View calls use with what is known of a video, while nothing about it changes
// and its audience is told nothing. use must not block, nor call the feed.
func (f *Feed) View(id likes.VideoID, use func(Video)) { f.values.view(id, use) }

// Video returns what is known of a video; of an unknown one, nothing.
func (f *Feed) Video(id likes.VideoID) Video {
	var v Video
	f.View(id, func(known Video) { v = known })
	return v
}

// Videos is how many videos are known.
func (f *Feed) Videos() int { return f.values.len() }

// take takes one record, and puts what is to be told of it into the news.
func (f *Feed) take(r *kgo.Record) {
	if r.Attrs.IsControl() {
		return // only its offset matters
	}
	var err error
	kind := "running"
	if r.Topic == f.cfg.Topics.Live {
		err = f.takeRunning(r)
	} else {
		kind = "final"
		err = f.takeFinal(r)
	}
	if err != nil {
		f.metrics.foreign.Inc()
		f.metrics.foreignOnce.Do(func() {
			f.cfg.Log.Warn("a record is no count and is skipped, as all such from now on", "topic", r.Topic,
				"partition", r.Partition, "offset", r.Offset, "reason", err)
		})
		return
	}
	f.metrics.records.WithLabelValues(kind).Inc()
}

func (f *Feed) takeRunning(r *kgo.Record) error {
	live, err := likes.ParseLive(r.Value)
	if err == nil {
		err = likes.CheckVideoID([]byte(live.Video))
	}
	if err != nil {
		return err
	}
	f.values.change(live.Video, func(v *values) { v.setRunning(&live) })
	if f.caughtUp {
		f.news.add(change{running: live, window: runningCounts, written: r.Timestamp}, false)
	}
	for i := range f.boards {
		f.boards[i].update(live.Windows[i], Ranked{live.Video, live.Windows[i].Count, live.Total})
	}
	return nil
}

func (f *Feed) takeFinal(r *kgo.Record) error {
	final, err := likes.ParseFinal(r.Value)
	if err == nil {
		err = likes.CheckVideoID([]byte(final.Video))
	}
	if err != nil {
		return err
	}
	for i, w := range likes.Windows {
		if r.Topic != f.cfg.Topics.Aggregations[i] {
			continue
		}
		if final.Type != w.Name {
			return fmt.Errorf("type %q: expected %q in this topic", final.Type, w.Name)
		}
		f.values.change(final.Video, func(v *values) { v.setFinal(i, &final) })
		if f.caughtUp {
			f.news.add(change{final: final, window: i, written: r.Timestamp}, f.Recent(final))
		}
	}
	return nil
}
