package simulation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/functions/api"
)

// crowd is those who like: through the API, or by a plain producer, as anybody
// may. It keeps account of what it was told.
type crowd struct {
	w     *world
	wires [2]*wire // the API's and the plain producer's
	api   *api.API
	plain *kgo.Client
	busy  sync.WaitGroup

	mu      sync.Mutex // guards the rest
	acked   map[string]uint64
	unknown map[string]uint64
	bad     int  // records that are no likes, acknowledged
	anyone  bool // others like, too, and keep no account
	last    time.Time
}

// deadline is how long the API and the plain producer try.
const deadline = 800 * time.Millisecond

func (c *crowd) begin(w *world) {
	c.w, c.acked, c.unknown = w, make(map[string]uint64), make(map[string]uint64)
	for i := range c.wires {
		c.wires[i] = w.newWire()
	}
	var err error
	if c.api, err = api.New(api.Config{Brokers: w.cluster.ListenAddrs(), Topic: w.topics.Ingestion, Deadline: deadline,
		Kafka: []kgo.Opt{kgo.Dialer(c.wires[0].dial)}}); err != nil {
		panic(err)
	}
	c.plain, err = kgo.NewClient(kgo.SeedBrokers(w.cluster.ListenAddrs()...), kgo.Dialer(c.wires[1].dial), kgo.ClientID("plain"),
		kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerBatchMaxBytes(2<<20),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.AllowIdempotentProduceCancellation(),
		kgo.MetadataMinAge(100*time.Millisecond), kgo.MetadataMaxAge(2*time.Second), kgo.RequestTimeoutOverhead(3*time.Second))
	if err != nil {
		panic(err)
	}
}

// close waits for what is under way.
func (c *crowd) close() {
	c.busy.Wait()
	c.api.Close()
	c.plain.Close()
}

// post is one like through the API; it returns the status.
func (c *crowd) post(video string) int {
	r := httptest.NewRequest(http.MethodPost, "/dev/videos/"+url.PathEscape(video)+"/likes", strings.NewReader("{}"))
	answer := httptest.NewRecorder()
	c.api.ServeHTTP(answer, r)
	switch answer.Code {
	case http.StatusOK:
		c.account(video, true)
	case http.StatusServiceUnavailable:
		c.account(video, false)
	case http.StatusTooManyRequests:
	default:
		c.w.fault("a like of %q was answered %d: %s", video, answer.Code, answer.Body)
	}
	return answer.Code
}

// put is one like by the plain producer, with an event time of its choice.
func (c *crowd) put(partition int32, video string, at time.Time) {
	err := c.produce(&kgo.Record{Partition: partition, Value: []byte(video), Timestamp: at})
	c.account(video, err == nil)
}

// produce tries for four seconds. It does so with a context, as the client would
// take the age of an old timestamp for time that it has tried.
func (c *crowd) produce(r *kgo.Record) error {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	r.Topic = c.w.topics.Ingestion
	return c.plain.ProduceSync(ctx, r).FirstErr()
}

// rubbish is a record that is no like.
func (c *crowd) rubbish(partition int32, key, value []byte) {
	r := &kgo.Record{Partition: partition, Key: key, Value: value,
		Headers: []kgo.RecordHeader{{Key: "from", Value: []byte("somebody\x00else")}}}
	if err := c.produce(r); err == nil {
		c.mu.Lock()
		c.bad++
		c.mu.Unlock()
	}
}

func (c *crowd) account(video string, acked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if acked {
		c.acked[video]++
	} else {
		c.unknown[video]++
	}
	c.last = time.Now()
}

// liked says whether anybody liked anything within the last d.
func (w *world) liked(d time.Duration) bool {
	w.crowd.mu.Lock()
	defer w.crowd.mu.Unlock()
	return time.Since(w.crowd.last) < d
}

// rubbishes are values that are no likes, and why.
func rubbishes() map[string][]byte {
	return map[string][]byte{
		"not UTF-8":         []byte("caf\xe9"),
		"empty":             {},
		"longer":            []byte(strings.Repeat("x", 129)),
		"control character": []byte("two\nlines"),
	}
}

// manners is how the crowd behaves for a while.
type manners struct {
	every time.Duration
	burst int
	odd   bool // late likes, likes from the future, rubbish
}

// videos are those that the crowd likes.
func (c *crowd) videos() []string {
	videos := make([]string, c.w.plan.videos)
	for i := range videos {
		videos[i] = fmt.Sprintf("video-%02d", i)
	}
	if len(videos) > 3 {
		videos[1], videos[2], videos[3] = `"quoted\"`, "Füße-видео-動画", strings.Repeat("long", 32)
	}
	return videos
}

// like goes on until ctx is done. It does not wait for the answers, as viewers
// do not wait for each other.
func (c *crowd) like(ctx context.Context, rng chance, m manners) {
	videos := c.videos()
	for sleep(ctx, rng.around(m.every)) {
		for range 1 + rng.IntN(m.burst) {
			// Few videos get most likes.
			video := videos[min(rng.IntN(len(videos)), rng.IntN(len(videos)))]
			partition := int32(rng.IntN(c.w.plan.sources))
			at := time.Now()
			x := rng.IntN(100)
			ago, ahead := rng.around(3*c.w.plan.pane), rng.N(time.Hour)
			c.busy.Go(func() {
				switch {
				case x < 50:
					c.post(video)
				case !m.odd || x < 80:
					c.put(partition, video, at)
				case x < 92:
					c.put(partition, video, at.Add(-ago))
				case x < 94:
					c.put(partition, "comet-"+video[:1], at.Add(ahead))
				default:
					key, value := c.anyRubbish(x, ahead)
					c.rubbish(partition, key, value)
				}
			})
		}
	}
}

func (c *crowd) anyRubbish(x int, d time.Duration) (key, value []byte) {
	switch n := int(d) % 40; {
	case n == 0:
		return nil, []byte(strings.Repeat("much ", 200_000)) // a megabyte
	case n < 10:
		return []byte("key"), nil
	case n < 18:
		return nil, rubbishes()["not UTF-8"]
	case n < 26:
		return []byte{0xff}, rubbishes()["empty"]
	case n < 34:
		return nil, rubbishes()["longer"]
	default:
		return nil, rubbishes()["control character"]
	}
}

// sleep says whether it was not interrupted.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
