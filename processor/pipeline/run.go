package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/processor/window"
)

// Run is a processor: it creates the topics that are missing, joins the groups
// and works on what they give it, until ctx is done. Then it commits what is
// begun, closes its stores, leaves the groups, and returns nil. An error says
// why it cannot go on, and what to do.
func Run(ctx context.Context, cfg Config) error {
	w, err := newWorker(cfg)
	if err != nil {
		return err
	}
	defer w.admin.Close()
	w.cfg.Health.Set("kafka", errors.New("connecting"))
	for _, part := range []string{stagePartition, stageCount} {
		w.cfg.Health.Set(part, errors.New("joining the group"))
	}
	if err := w.openTopics(ctx); err != nil || ctx.Err() != nil {
		w.reader.cl.Close() // it is not running yet, and would close itself
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	w.cfg.Health.Set("kafka", nil)
	return w.work(ctx)
}

// worker is what the tasks of a processor share.
type worker struct {
	cfg         *Config
	metrics     *metrics
	client      *kgo.Client // admin's
	admin       *kadm.Client
	reader      *reader
	ids         map[string]window.TopicID // by topic
	sources     atomic.Int32              // number of ingestion partitions
	errands     errands
	undeletable sync.Map // topics, by name, of which it was told that deleting from them is not allowed
	stores      storeUse
}

func newWorker(cfg Config) (*worker, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	w := &worker{cfg: &cfg, metrics: m, ids: make(map[string]window.TopicID)}
	cl, err := kgo.NewClient(cfg.clientOptions("admin")...)
	if err != nil {
		return nil, fmt.Errorf("create admin client: %w", err)
	}
	w.client, w.admin = cl, kadm.NewClient(cl)
	if w.reader, err = newReader(cfg.clientOptions("reader")); err != nil {
		w.admin.Close()
		return nil, err
	}
	return w, nil
}

// work runs from the first join to the last leave.
func (w *worker) work(ctx context.Context) error {
	var running sync.WaitGroup
	live, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	defer running.Wait()
	defer stopReading()
	running.Go(func() { w.reader.run(live) })

	found, err := w.cfg.Stores.Partitions()
	if err != nil {
		return fmt.Errorf("look for stores: %w", err)
	}
	w.stores.find(found)
	tasks, stopTasks := context.WithCancel(live)
	defer stopTasks()
	fatal := make(chan error, 1)
	members, err := w.joinAll(tasks, fatal)
	for _, m := range members {
		running.Go(func() { m.run(tasks) })
	}
	if err == nil {
		running.Go(func() { w.watch(tasks, members, fatal) })
		select {
		case <-ctx.Done():
		case err = <-fatal:
		}
	}
	w.cfg.Health.Set("kafka", errors.New("stopping"))
	stopTasks()
	var leaving sync.WaitGroup
	for _, m := range members {
		leaving.Go(m.leave)
	}
	leaving.Wait()
	w.errands.Wait()
	return err
}

func (w *worker) joinAll(ctx context.Context, fatal chan<- error) ([]*member, error) {
	var members []*member
	for _, s := range []*stage{
		{name: stagePartition, group: w.cfg.Group, topic: w.cfg.Topics.Ingestion, attempt: w.partition},
		{name: stageCount, group: w.cfg.Group + "-count", topic: w.cfg.Topics.Log, attempt: w.count},
	} {
		m, err := w.join(ctx, s, fatal)
		if err != nil {
			return members, err
		}
		members = append(members, m)
	}
	return members, nil
}

const (
	stagePartition = "partition"
	stageCount     = "count"
)

// watch asks the broker once a second how far the partitions go. The clock is
// read before that: what the partition had then is before the end it tells.
func (w *worker) watch(ctx context.Context, members []*member, fatal chan<- error) {
	ingestion, log := w.cfg.Topics.Ingestion, w.cfg.Topics.Log
	grown := true // the positions topic as much as the ingestion topic
	told := false // that it has not
	for {
		clock := time.Now()
		asked, cancel := context.WithTimeout(ctx, requestTimeout)
		ends, err := w.admin.ListEndOffsets(asked, ingestion)
		stable, err2 := w.admin.ListCommittedOffsets(asked, ingestion, log)
		if n := len(ends[ingestion]); err == nil && n > int(w.sources.Load()) {
			w.sources.Store(int32(n))
			grown, told = false, false
		}
		if !grown {
			err := w.growPositions(asked, 0) // the next second is another chance
			grown = err == nil
			if err != nil && ctx.Err() == nil && !told {
				w.cfg.Log.Warn("the ingestion topic has grown, its new partitions wait for the topic of positions", "reason", err)
				told = true
			}
		}
		cancel()
		if err == nil && err2 == nil {
			for _, m := range members {
				if err := m.watch(clock, ends[m.stage.topic], stable[m.stage.topic]); err != nil {
					select {
					case fatal <- err:
					default:
					}
				}
			}
		}
		w.stores.deleteUnused(w, !slices.ContainsFunc(members, (*member).outside))
		if !sleep(ctx, endsInterval) {
			return
		}
	}
}

// maxErrands bounds the errands under way. One more is not run: each is of a
// kind that the next of its kind makes up for.
const maxErrands = 8

// errands are short things that nobody waits for but the end of the process.
type errands struct {
	sync.WaitGroup
	running atomic.Int32
}

func (w *worker) background(f func()) {
	if w.errands.running.Add(1) > maxErrands {
		w.errands.running.Add(-1)
		return
	}
	w.errands.Go(func() {
		defer w.errands.running.Add(-1)
		f()
	})
}
