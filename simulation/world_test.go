package simulation_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
	"distributed-counter/processor/pipeline"
)

// plan is the size and the times of a world.
type plan struct {
	seed                          uint64
	hosts, sources, logPartitions int
	videos                        int
	pane, grace, idle             time.Duration
	partRecords                   int
	chaos                         time.Duration // for how long things go wrong
	faultEvery                    time.Duration // on average
	likeEvery                     time.Duration // on average, a burst
	burst                         int
	latency                       time.Duration
	gates, viewers                int
}

// world is everything: broker, network, processors, and who likes. It lives
// in a synctest bubble.
type world struct {
	plan    plan
	net     kfake.VirtualNetwork
	cluster *kfake.Cluster
	cfg     pipeline.Config // of every processor, but for what is its own
	topics  likes.Topics
	eyes    *observer
	hosts   []*host
	lives   sync.WaitGroup
	tally   tallies
	mutate  func(*life, *frame) // of requests in flight; for mutation tests
	verbose func(string)
	calm    time.Time      // since when windows have to be final in time; zero is never
	finals  map[span]count // what was published, once it is judged

	logStart int64 // where log partition 0 began in the end

	crowd  crowd
	honest atomic.Bool // the group lies no more

	gates     []*gate
	viewers   []*viewer
	sendHome  context.CancelFunc // ends the viewers
	watching  sync.WaitGroup
	spoilGate func(*frame)                           // changes requests of gateways; for mutation tests
	spoilView func(v *viewer, event string) []string // what a viewer hears instead; for mutation tests

	mu     sync.Mutex // guards the rest
	wires  []*wire
	notes  []string
	faults []string
	began  time.Time
}

// newWorld starts a broker and whoever watches it; no processor yet.
func newWorld(p plan) *world {
	w := &world{plan: p, topics: likes.DefaultTopics(), began: time.Now()}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(w.net.Listen),
		// kfake's cleaner can lose the newest value of a key; the processor's
		// embedded broker runs without it, too.
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": "999999999999"}))
	if err != nil {
		panic(err)
	}
	w.cluster = cluster
	w.cfg = pipeline.Config{
		Brokers: cluster.ListenAddrs(), Group: "simulation", Topics: w.topics,
		IngestionPartitions: p.sources, LogPartitions: p.logPartitions, OutputPartitions: [...]int{1, 1, 2},
		Replication: 1, IngestionRetention: 24 * time.Hour,
		Pane: p.pane, Grace: p.grace, IdleAfter: p.idle,
		CommitInterval: 100 * time.Millisecond, LiveInterval: 100 * time.Millisecond, LiveBudget: 500,
		PartRecords: p.partRecords,
	}
	w.eyes = observe(kgo.Dialer(w.net.DialContext), cluster.ListenAddrs(), slices.Concat(w.topics.Aggregations[:],
		[]string{w.topics.Ingestion, w.topics.Log, w.topics.Live, w.topics.Dead, w.topics.Changelog}))
	w.newHosts(p.hosts)
	w.crowd.begin(w)
	return w
}

// close ends everything, and waits for it: nothing may outlive the bubble.
func (w *world) close() {
	if w.sendHome != nil {
		w.sendHome()
	}
	w.watching.Wait()
	for _, g := range w.gates {
		g.stop()
	}
	for _, h := range w.hosts {
		h.kill(comeback{})
	}
	w.crowd.close()
	w.mu.Lock()
	wires := w.wires
	w.mu.Unlock()
	for _, wire := range wires {
		wire.break_()
		wire.resume()
	}
	w.lives.Wait()
	w.eyes.close()
	for _, wire := range wires {
		wire.pumping.Wait()
	}
	w.cluster.Close()
}

func (w *world) newWire() *wire {
	wire := &wire{net: &w.net, links: make(map[*link]bool)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.plan.latency > 0 {
		rng := w.rand("latency", len(w.wires))
		var mu sync.Mutex
		wire.delay = func(*frame) time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return rng.N(w.plan.latency)
		}
	}
	w.wires = append(w.wires, wire)
	return wire
}

// rand is a source of chance of its own for each who needs one, so that what
// one of them does leaves the others' choices as they are.
func (w *world) rand(who string, n int) chance {
	h := uint64(n)
	for _, c := range who {
		h = h*31 + uint64(c)
	}
	return chance{rand.New(rand.NewPCG(w.plan.seed, h))}
}

type chance struct{ *rand.Rand }

func (c chance) N(d time.Duration) time.Duration { return time.Duration(c.Int64N(int64(d) + 1)) }
func (c chance) oneIn(n int) bool                { return c.IntN(n) == 0 }

// around is d on average, never much more.
func (c chance) around(d time.Duration) time.Duration { return c.N(2 * d) }

func pick[T any](c chance, of []T) T { return of[c.IntN(len(of))] }

// note keeps what happened, for whoever has to find out why.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line := fmt.Sprintf("%9.3f ", time.Since(w.began).Seconds()) + fmt.Sprintf(format, args...)
	w.notes = append(w.notes, line)
	if w.verbose != nil {
		w.verbose(line)
	}
}

// fault is a violation that was noticed on the way.
func (w *world) fault(format string, args ...any) {
	w.note("VIOLATION: "+format, args...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// admin is a client that nothing happens to.
func (w *world) client(opts ...kgo.Opt) *kgo.Client {
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(w.cluster.ListenAddrs()...), kgo.Dialer(w.net.DialContext)}, opts...)...)
	if err != nil {
		panic(err)
	}
	return cl
}

// tallies count what the world went through, so that one that has become too
// tame is noticed.
type tallies struct {
	mu sync.Mutex // guards n
	n  map[string]int
}

func (t *tallies) add(what string) { t.addN(what, 1) }

func (t *tallies) addN(what string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = make(map[string]int)
	}
	t.n[what] += n
}

// logger takes a processor's lines into the notes, and counts what they tell.
func (w *world) logger(name string) *slog.Logger { return slog.New(&logs{w: w, who: name}) }

type logs struct {
	w     *world
	who   string
	attrs []slog.Attr
}

func (l *logs) Enabled(context.Context, slog.Level) bool { return true }

func (l *logs) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", l.who, r.Message)
	say := func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true }
	for _, a := range l.attrs {
		say(a)
	}
	r.Attrs(say)
	line := b.String()
	l.w.tally.add("log lines")
	for _, sign := range []struct{ text, what string }{
		{"restoring from nothing", "restores from nothing"},
		{"PRODUCER_FENCED", "tasks that were fenced"},
		{"INVALID_PRODUCER_EPOCH", "tasks that were fenced"},
		{"task interrupted", "tasks that began again"},
	} {
		if strings.Contains(line, sign.text) {
			l.w.tally.add(sign.what)
		}
	}
	l.w.note("%s", line)
	return nil
}

func (l *logs) WithAttrs(a []slog.Attr) slog.Handler {
	return &logs{l.w, l.who, slices.Concat(l.attrs, a)}
}
func (l *logs) WithGroup(string) slog.Handler { return l }
