package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"distributed-counter/functions/api"
)

// world is an API and a Kafka that comes and goes, on a network and a clock of
// their own. Nothing in it waits for real time.
type world struct {
	t      *testing.T
	net    kfake.VirtualNetwork
	frozen atomic.Bool // connections made so far swallow what is written
	mute   atomic.Bool // all connections do
	api    *api.API
	log    bytes.Buffer
	made   atomic.Int32 // Kafka clients
}

const deadline = 4 * time.Second

func newWorld(t *testing.T, change func(*api.Config)) *world {
	w := &world{t: t}
	cfg := api.Config{
		Brokers: []string{"localhost:9092"}, Deadline: deadline,
		Log:   slog.New(slog.NewJSONHandler(&w.log, nil)),
		Kafka: []kgo.Opt{kgo.Dialer(w.dial), kgo.WithHooks(w)},
	}
	if change != nil {
		change(&cfg)
	}
	w.api = newAPI(t, cfg)
	return w
}

// OnNewClient counts the Kafka clients.
func (w *world) OnNewClient(*kgo.Client) { w.made.Add(1) }

func (w *world) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.net.DialContext(ctx, network, address)
	if err != nil { // in the words of a real network
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	w.frozen.Store(false)
	return &freezable{Conn: conn, world: w}, nil
}

// freezable is a connection that can die without a sign, as after a Lambda's
// sleep: writes succeed, and no answer comes.
type freezable struct {
	net.Conn
	world *world
	dead  atomic.Bool
}

func (f *freezable) Write(b []byte) (int, error) {
	if f.world.frozen.Load() || f.world.mute.Load() || f.dead.Load() {
		f.dead.Store(true)
		return len(b), nil
	}
	return f.Conn.Write(b)
}

// start starts Kafka, with or without the topic.
func (w *world) start(topics ...string) *kfake.Cluster {
	w.t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(w.net.Listen),
		kfake.SeedTopics(3, topics...), kfake.SleepOutOfOrder())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

// hang makes Kafka take that long for each produce request, or until the test
// ends.
func (w *world) hang(c *kfake.Cluster, d time.Duration) {
	ended := make(chan struct{})
	w.t.Cleanup(func() { close(ended) })
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		c.SleepControl(func() {
			select {
			case <-time.After(d):
			case <-ended:
			}
		})
		return nil, nil, false
	})
}

// lines are the messages in the log.
func (w *world) lines() []string {
	w.t.Helper()
	var got []string
	for line := range strings.Lines(w.log.String()) {
		var record struct{ Msg string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			w.t.Fatalf("log line %q: %v", line, err)
		}
		got = append(got, record.Msg)
	}
	return got
}

// unavailable checks a 503 that came in time and says what to do.
func unavailable(t *testing.T, w *httptest.ResponseRecorder, took time.Duration, detail string) {
	t.Helper()
	if text := body(t, w); w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(text, detail) {
		t.Errorf("%d %s (Retry-After %q), want 503 with Retry-After and %q", w.Code, text, w.Header().Get("Retry-After"), detail)
	}
	if took > deadline {
		t.Errorf("the answer took %s, want at most %s", took, deadline)
	}
}

func (w *world) like(id string) (*httptest.ResponseRecorder, time.Duration) {
	start := time.Now()
	return like(w.api, id), time.Since(start)
}

// An outage: 503 by the deadline, no like sent after its 503, and likes again
// once Kafka is there, without a restart and with two lines in the log.
func TestKafkaGoesAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		first := w.start(topic)
		if got, _ := w.like("a"); got.Code != 200 {
			t.Fatalf("a like with Kafka up: %d %s", got.Code, got.Body)
		}
		first.Close()
		for range 5 {
			got, took := w.like("lost")
			unavailable(t, got, took, "send it again later")
		}
		second := w.start(topic)
		time.Sleep(time.Minute)
		if n := stored(second); n != 0 {
			t.Errorf("%d likes were sent after their 503", n)
		}
		if got, took := w.like("b"); got.Code != 200 {
			t.Errorf("a like after the outage: %d %s after %s, want 200", got.Code, got.Body, took)
		}
		if got := records(t, second, kgo.Dialer(w.dial)); len(got) != 1 || string(got[0].Value) != "b" {
			t.Errorf("records after the outage: %v, want b alone", got)
		}
		got := w.lines()
		if len(got) != 2 || got[0] != "likes are refused" || got[1] != "likes are accepted again" {
			t.Errorf("log: %q, want one line at the beginning and one at the end", got)
		}
	})
}

// An outage that lasts replaces the client, and the new one works.
func TestClientThatKeepsFailingIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		for range 10 {
			got, took := w.like("lost")
			unavailable(t, got, took, "in time")
		}
		if n := w.made.Load(); n < 2 || n > 5 {
			t.Errorf("%d clients in ten deadlines, want 2 to 5", n)
		}
		w.start(topic)
		time.Sleep(time.Millisecond) // the last like has ended
		if got, _ := w.like("b"); got.Code != 200 {
			t.Errorf("a like with Kafka up: %d %s", got.Code, got.Body)
		}
	})
}

// A like that waits in a client while that is replaced is told that Kafka did
// not confirm it: nothing is shutting down.
func TestLikeOfAReplacedClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.start(topic)
		if got, _ := w.like("a"); got.Code != 200 {
			t.Fatalf("a like with Kafka up: %d %s", got.Code, got.Body)
		}
		w.mute.Store(true)
		var wg sync.WaitGroup
		for range 40 { // there are always some, in all partitions
			wg.Go(func() {
				got, took := w.like("lost")
				unavailable(t, got, took, "in time")
			})
			time.Sleep(deadline / 8)
		}
		wg.Wait()
		if n := w.made.Load(); n < 2 {
			t.Errorf("%d clients, want the first to be replaced", n)
		}
	})
}

// The wait of a like is bounded also where Kafka takes connections and answers
// nothing, or says again and again that it could not do it in time. In the
// second case the like is there, once: what the client was told is that nobody
// knows.
func TestKafkaDoesNotConfirm(t *testing.T) {
	for _, tc := range []struct {
		name   string
		begin  func(*world, *kfake.Cluster)
		stored int
	}{
		{"no answer", func(w *world, _ *kfake.Cluster) { w.mute.Store(true) }, 0},
		{"no copies in time", func(_ *world, c *kfake.Cluster) {
			c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: kerr.NotEnoughReplicasAfterAppend, Count: -1})
		}, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			kafka := w.start(topic)
			tc.begin(w, kafka)
			got, took := w.like("a")
			unavailable(t, got, took, "probably not counted")
			w.mute.Store(false)
			time.Sleep(time.Minute)
			if n := stored(kafka); n != tc.stored {
				t.Errorf("%s: %d likes a minute later, want %d", tc.name, n, tc.stored)
			}
		})
	}
}

// A connection that died in its sleep is found out within the deadline, and
// the like goes over another, once.
func TestConnectionThatDiedSilently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		kafka := w.start(topic)
		if got, _ := w.like("a"); got.Code != 200 {
			t.Fatalf("the first like: %d %s", got.Code, got.Body)
		}
		w.frozen.Store(true)
		got, took := w.like("b")
		if got.Code != 200 || took > deadline {
			t.Errorf("a like over a dead connection: %d %s after %s, want 200 within %s", got.Code, got.Body, took, deadline)
		}
		if n := stored(kafka); n != 2 {
			t.Errorf("%d likes, want 2", n)
		}
	})
}

// In a Lambda the invocation's deadline counts where it is the earlier one,
// less a margin for the answer.
func TestDeadlineOfTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		for _, tc := range []struct{ given, most time.Duration }{
			{time.Second, 800 * time.Millisecond},
			{100 * time.Millisecond, 0},
			{time.Minute, deadline},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), tc.given)
			start := time.Now()
			got := serve(w.api, request("POST", "/videos/a/likes", "").WithContext(ctx))
			cancel()
			unavailable(t, got, time.Since(start), "in time")
			if took := time.Since(start); took > tc.most {
				t.Errorf("with %s left: answered after %s, want at most %s", tc.given, took, tc.most)
			}
		}
		kafka := w.start(topic)
		time.Sleep(time.Minute)
		if n := stored(kafka); n != 0 {
			t.Errorf("%d likes were sent after their 503", n)
		}
	})
}

// A viewer who goes away is not waited for, and takes no other's like along.
func TestViewerWhoGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		kafka := w.start(topic)
		w.hang(kafka, time.Second)
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			start := time.Now()
			got := serve(w.api, request("POST", "/videos/gone/likes", "").WithContext(ctx))
			if took := time.Since(start); got.Code == 200 || took > 500*time.Millisecond {
				t.Errorf("who went away is answered %d after %s, want no 200 and no wait", got.Code, took)
			}
		})
		for range 10 {
			wg.Go(func() {
				if got, _ := w.like("stays"); got.Code != 200 {
					t.Errorf("another's like: %d %s, want 200", got.Code, got.Body)
				}
			})
		}
		time.Sleep(500 * time.Millisecond)
		leave()
		wg.Wait()
		if lines := w.lines(); len(lines) != 0 {
			t.Errorf("log: %q, want nothing: Kafka was well", lines)
		}
	})
}

// More likes than may wait are told so at once.
func TestTooManyInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *api.Config) { c.InFlight = 2 })
		kafka := w.start(topic)
		w.hang(kafka, time.Second)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if got, _ := w.like("a"); got.Code != 200 {
					t.Errorf("a like that waits: %d %s, want 200", got.Code, got.Body)
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		got, took := w.like("b")
		if text := body(t, got); got.Code != 429 || got.Header().Get("Retry-After") == "" || took != 0 || !strings.Contains(text, "2 likes") {
			t.Errorf("one too many: %d %s after %s, want 429 with Retry-After at once", got.Code, text, took)
		}
		wg.Wait()
		if got, _ := w.like("c"); got.Code != 200 {
			t.Errorf("a like when there is room again: %d, want 200", got.Code)
		}
		if n := stored(kafka); n != 3 {
			t.Errorf("%d likes, want 3", n)
		}
	})
}

// The topic is the processor's to create. Until then the answer says so.
func TestTopicIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		kafka := w.start("another")
		for range 2 {
			got, took := w.like("a")
			unavailable(t, got, took, "start a processor")
		}
		if err := kafka.CreateTopic(topic, 3, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // the last like has ended
		if got, took := w.like("b"); got.Code != 200 {
			t.Errorf("a like once the topic is there: %d %s after %s, want 200", got.Code, got.Body, took)
		}
		if n := stored(kafka); n != 1 {
			t.Errorf("%d likes, want 1", n)
		}
	})
}

// Close waits for the like that is on its way.
func TestCloseFinishesWhatBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		kafka := w.start(topic)
		w.hang(kafka, time.Second)
		var wg sync.WaitGroup
		wg.Go(func() {
			if got, _ := w.like("a"); got.Code != 200 {
				t.Errorf("the like that had begun: %d %s, want 200", got.Code, got.Body)
			}
		})
		time.Sleep(100 * time.Millisecond)
		w.api.Close()
		wg.Wait()
		got, took := w.like("b")
		unavailable(t, got, took, "shutting down")
		if n := stored(kafka); n != 1 {
			t.Errorf("%d likes, want 1", n)
		}
	})
}

// Warm is a kindness: without Kafka it fails and says how, and a cancelled one
// is no error.
func TestWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		if err := w.api.Warm(t.Context()); err == nil || !strings.Contains(err.Error(), "open connections to Kafka") {
			t.Errorf("Warm without Kafka: %v, want an error that says what was done", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.api.Warm(ctx); err != nil {
			t.Errorf("Warm that was cancelled: %v, want nil", err)
		}
		w.start(topic)
		if err := w.api.Warm(t.Context()); err != nil {
			t.Errorf("Warm with Kafka up: %v", err)
		}
	})
}
