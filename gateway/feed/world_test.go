package feed_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"distributed-counter/gateway/feed"
	"distributed-counter/likes"
)

const pane = time.Minute

// world is a Kafka in memory and a feed that reads it, in a bubble of fake
// time. Whoever has a world is the feed's audience and its health.
type world struct {
	*testing.T
	net     kfake.VirtualNetwork
	cluster *kfake.Cluster
	topics  likes.Topics
	client  *kgo.Client // of a processor
	start   time.Time
	guarded bool // the broker wants to know who is there

	mu    sync.Mutex // guards the rest
	away  bool
	conns []net.Conn
	notes []string // what the audience was told, since the last time
	said  []string // log lines
	ready string
}

// inWorld calls f in a world whose Kafka may have options beside ours.
func inWorld(t *testing.T, f func(w *world), opts ...kfake.Opt) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, topics: likes.DefaultTopics(), start: time.Now(), ready: "starting", guarded: len(opts) > 0}
		cluster, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(w.net.Listen),
			kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": "999999999999"}))...)
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		w.cluster = cluster
		w.client = w.newClient()
		defer func() { w.client.Close() }()
		f(w)
	})
}

func (w *world) newClient(opts ...kgo.Opt) *kgo.Client {
	w.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(w.cluster.ListenAddrs()...), kgo.Dialer(w.net.DialContext),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0), w.login("admin"))...)
	if err != nil {
		w.Fatal(err)
	}
	return cl
}

// login is the option to be a user whose password is the name.
func (w *world) login(user string) kgo.Opt {
	if !w.guarded {
		return kgo.SASL()
	}
	return kgo.SASL(plain.Auth{User: user, Pass: user}.AsMechanism())
}

// reconnect is for a processor whose client believes in the topics of before.
func (w *world) reconnect() {
	w.client.Close()
	w.client = w.newClient()
}

// create makes the topics, three partitions of running counts and one of each
// kind of final counts.
func (w *world) create() {
	w.Helper()
	admin := kadm.NewClient(w.client)
	for name, n := range map[string]int32{w.topics.Live: 3, w.topics.Aggregations[0]: 1, w.topics.Aggregations[1]: 1, w.topics.Aggregations[2]: 1} {
		if _, err := admin.CreateTopic(context.Background(), n, 1, nil, name); err != nil {
			w.Fatal(err)
		}
	}
}

// feed starts a feed; the function stops it and expects that to be clean.
func (w *world) feed() (*feed.Feed, func()) {
	w.Helper()
	f, err := feed.New(feed.Config{
		Brokers: w.cluster.ListenAddrs(), Topics: w.topics, Pane: pane, Audience: w, Health: w,
		Log: slog.New(slog.NewTextHandler(w, nil)), Kafka: []kgo.Opt{kgo.Dialer(w.dial), w.login("gateway")},
	})
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	return f, func() {
		w.Helper()
		cancel()
		if err := <-done; err != nil {
			w.Errorf("Run after its context ended: %v, want nil", err)
		}
	}
}

// dial is the feed's network, which may be cut.
func (w *world) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return nil, fmt.Errorf("no route to %s", addr)
	}
	c, err := w.net.DialContext(ctx, network, addr)
	w.conns = append(w.conns, c)
	return c, err
}

func (w *world) cut(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
	if away {
		for _, c := range w.conns {
			if c != nil {
				c.Close()
			}
		}
		w.conns = nil
	}
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// Running, Final and CaughtUp are feed.Audience.
func (w *world) Running(l likes.Live) {
	w.note("running %s %d of %d", l.Video, l.Windows[0].Count, l.Total)
}
func (w *world) Final(i int, f likes.Final) {
	w.note("final %s %s %d of %d", likes.Windows[i].Name, f.Video, f.Count, f.Total)
}
func (w *world) CaughtUp() { w.note("caught up") }

// Ready and NotReady are feed.Health.
func (w *world) Ready()                 { w.setReady("") }
func (w *world) NotReady(reason string) { w.setReady(reason) }
func (w *world) setReady(reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = reason
}
func (w *world) unready() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ready
}

// Write takes log lines.
func (w *world) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, string(line))
	return len(line), nil
}

// lines are how many log lines have a text.
func (w *world) lines(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, l := range w.said {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}

// told expects what the audience was told since the last time.
func (w *world) told(want ...string) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if fmt.Sprintf("%q", w.notes) != fmt.Sprintf("%q", want) {
		w.Errorf("the audience was told %q, want %q", w.notes, want)
	}
	w.notes = nil
}

// running publishes running counts as of now, all windows with the same count.
func (w *world) running(id likes.VideoID, count, total uint64) {
	w.Helper()
	w.produce(w.liveRecord(id, count, total))
}

func (w *world) liveRecord(id likes.VideoID, count, total uint64) *kgo.Record {
	now := time.Now()
	l := likes.Live{Video: id, Total: total, AsOf: now.UTC()}
	for i, window := range likes.Windows {
		first := window.First(likes.PaneOf(now.UnixMilli(), pane))
		l.Windows[i] = likes.Running{Start: first.Start(pane), End: (first + likes.Pane(window.Panes)).Start(pane), Count: count}
	}
	return &kgo.Record{Topic: w.topics.Live, Partition: int32(likes.Partition([]byte(id), 3)), Key: []byte(id), Value: l.Append(nil)}
}

// final publishes a final count of the window that ends with the pane before
// the current one.
func (w *world) final(i int, id likes.VideoID, count, total uint64) {
	w.Helper()
	end := likes.PaneOf(time.Now().UnixMilli(), pane)
	f := likes.Final{Type: likes.Windows[i].Name, Video: id, Count: count, Total: total,
		Start: (end - likes.Pane(likes.Windows[i].Panes)).Start(pane), End: end.Start(pane)}
	w.produce(&kgo.Record{Topic: w.topics.Aggregations[i], Key: []byte(id), Value: f.Append(nil)})
}

func (w *world) produce(r *kgo.Record) {
	w.Helper()
	if err := w.client.ProduceSync(context.Background(), r).FirstErr(); err != nil {
		w.Fatal(err)
	}
}
