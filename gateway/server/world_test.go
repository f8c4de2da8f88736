package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/gateway/server"
	"distributed-counter/gateway/socketio/sockettest"
	"distributed-counter/likes"
)

const (
	pane     = time.Minute
	patience = 5 * time.Second // of fake time, within which what must come has come
)

// world is a Kafka and gateways in memory, in a bubble of fake time.
type world struct {
	*testing.T
	net     kfake.VirtualNetwork
	cluster *kfake.Cluster
	topics  likes.Topics
	client  *kgo.Client // of a processor

	mu   sync.Mutex // guards away
	away bool
}

func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, topics: likes.DefaultTopics()}
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(w.net.Listen),
			kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": "999999999999"}))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		w.cluster = cluster
		w.client, err = kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.Dialer(w.net.DialContext), kgo.ProducerLinger(0))
		if err != nil {
			t.Fatal(err)
		}
		defer w.client.Close()
		f(w)
	})
}

// create makes the topics of counts.
func (w *world) create() {
	w.Helper()
	admin := kadm.NewClient(w.client)
	for name, n := range map[string]int32{w.topics.Live: 3, w.topics.Aggregations[0]: 1, w.topics.Aggregations[1]: 1, w.topics.Aggregations[2]: 1} {
		if _, err := admin.CreateTopic(context.Background(), n, 1, nil, name); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) cut(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
}

func (w *world) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	away := w.away
	w.mu.Unlock()
	if away {
		return nil, errors.New("no route to Kafka")
	}
	return w.net.DialContext(ctx, network, addr)
}

// running is the record of a video's running counts as of now, the same in all
// windows.
func (w *world) running(id likes.VideoID, count, total uint64) likes.Live {
	w.Helper()
	now := time.Now()
	l := likes.Live{Video: id, Total: total, AsOf: now.UTC()}
	for i, window := range likes.Windows {
		first := window.First(likes.PaneOf(now.UnixMilli(), pane))
		l.Windows[i] = likes.Running{Start: first.Start(pane), End: (first + likes.Pane(window.Panes)).Start(pane), Count: count}
	}
	w.produce(w.topics.Live, id, l.Append(nil))
	return l
}

// final publishes a final count of the window that ended with the last pane.
func (w *world) final(i int, id likes.VideoID, count, total uint64) likes.Final {
	w.Helper()
	return w.finalEnding(time.Now(), i, id, count, total)
}

// finalEnding is final for the window that ends with the pane before that of an instant.
func (w *world) finalEnding(at time.Time, i int, id likes.VideoID, count, total uint64) likes.Final {
	w.Helper()
	end := likes.PaneOf(at.UnixMilli(), pane)
	f := likes.Final{Type: likes.Windows[i].Name, Video: id, Count: count, Late: 1, Total: total,
		Start: (end - likes.Pane(likes.Windows[i].Panes)).Start(pane), End: end.Start(pane)}
	w.produce(w.topics.Aggregations[i], id, f.Append(nil))
	return f
}

func (w *world) produce(topic string, id likes.VideoID, value []byte) {
	w.Helper()
	r := &kgo.Record{Topic: topic, Key: []byte(id), Value: value}
	if err := w.client.ProduceSync(context.Background(), r).FirstErr(); err != nil {
		w.Fatal(err)
	}
}

// replica is one gateway on a network of its own.
type replica struct {
	w       *world
	net     *sockettest.Network
	metrics *prometheus.Registry
	http    *http.Client
	stop    func() // and expect a clean end
}

// gateway starts a gateway, which reads what there is; f may change its Config.
func (w *world) gateway(f func(*server.Config)) *replica {
	w.Helper()
	r := &replica{w: w, net: sockettest.Listen(), metrics: prometheus.NewRegistry()}
	r.http = r.net.HTTP()
	cfg := server.Config{
		Listener: r.net, Brokers: w.cluster.ListenAddrs(), Pane: pane, Metrics: r.metrics,
		Kafka: []kgo.Opt{kgo.Dialer(w.dial)},
		Log:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	if f != nil {
		f(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx, cfg) }()
	r.stop = sync.OnceFunc(func() {
		w.Helper()
		cancel()
		if err := <-done; err != nil {
			w.Errorf("Run after its context ended: %v, want nil", err)
		}
		r.http.CloseIdleConnections()
	})
	time.Sleep(patience)
	return r
}

// viewer is a client that keeps what it was sent, and answers pings by itself.
type viewer struct {
	*sockettest.Client
	w    *world
	done chan struct{}

	writing sync.Mutex // one write at a time
	mu      sync.Mutex // guards the rest
	events  []sockettest.Event
	err     error // why it was disconnected
}

// SendText is for any goroutine.
func (v *viewer) SendText(packet string) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	return v.Client.SendText(packet)
}

// Emit is for any goroutine.
func (v *viewer) Emit(event string, args ...any) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	return v.Client.Emit(event, args...)
}

func (r *replica) options() sockettest.Options {
	return sockettest.Options{URL: "ws://gateway/socket.io/", Dial: r.net.DialContext}
}

// connect connects a client that reads.
func (r *replica) connect() *viewer {
	r.w.Helper()
	c, err := sockettest.Connect(context.Background(), r.options())
	if err != nil {
		r.w.Fatal(err)
	}
	return r.w.watch(c)
}

func (w *world) watch(c *sockettest.Client) *viewer {
	v := &viewer{Client: c, w: w, done: make(chan struct{})}
	go func() {
		defer close(v.done)
		for {
			text, err := c.ReadText()
			if text == "2" {
				err = v.SendText("3")
			}
			v.mu.Lock()
			v.err = err
			if event, is := strings.CutPrefix(text, "42"); is {
				v.events = append(v.events, parseEvent(w, event))
			}
			v.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return v
}

func parseEvent(w *world, text string) sockettest.Event {
	values := decode[[]json.RawMessage](w, text)
	if len(values) == 0 {
		return sockettest.Event{}
	}
	return sockettest.Event{Name: decode[string](w, string(values[0])), Args: values[1:]}
}

// register sends the list of rooms.
func (v *viewer) register(ids ...string) {
	v.w.Helper()
	if ids == nil {
		ids = []string{}
	}
	if err := v.Emit("register_room", map[string]any{"rooms": ids}); err != nil {
		v.w.Fatal(err)
	}
}

// got returns what came since the last time, after a while.
func (v *viewer) got() []sockettest.Event {
	time.Sleep(patience)
	v.mu.Lock()
	defer v.mu.Unlock()
	events := v.events
	v.events = nil
	return events
}

// expect expects exactly these events since the last time, as "name payload".
func (v *viewer) expect(want ...string) {
	v.w.Helper()
	var got []string
	for _, e := range v.got() {
		if len(e.Args) != 1 {
			v.w.Errorf("event %s has %d arguments, want 1", e.Name, len(e.Args))
			continue
		}
		got = append(got, e.Name+" "+string(e.Args[0]))
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		v.w.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// over returns why the connection ended, nil while it lasts.
func (v *viewer) over() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

func (v *viewer) leave() {
	v.Close()
	<-v.done
}

// liveEvent and finalEvent are the events that clients get of a record.
func liveEvent(l likes.Live) string { return "live_counts " + string(l.Append(nil)) }

func finalEvent(i int, f likes.Final) string {
	return fmt.Sprintf(`live_aggregations_%d {"id":%q,"count":%d,"type":%q,"window_start":%q,"window_end":%q,"late":%d,"total":%d}`,
		likes.Windows[i].Panes, f.Video, f.Count, f.Type, f.Start.Format(time.RFC3339), f.End.Format(time.RFC3339), f.Late, f.Total)
}

// get asks over HTTP; headers are pairs.
func (r *replica) get(method, path string, headers ...string) (*http.Response, string) {
	r.w.Helper()
	req, err := http.NewRequest(method, "http://gateway"+path, nil)
	if err != nil {
		r.w.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := r.http.Do(req)
	if err != nil {
		r.w.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.w.Fatal(err)
	}
	return resp, string(body)
}

// metric is the sum of a metric's values, of those with this label value where
// one is given.
func (r *replica) metric(name, label string) float64 {
	r.w.Helper()
	families, err := r.metrics.Gather()
	if err != nil {
		r.w.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() != name || label != "" && (len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() != label) {
				continue
			}
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

// decode reads JSON into a new value.
func decode[T any](w *world, text string) T {
	w.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		w.Errorf("%q: %v", text, err)
	}
	return v
}
