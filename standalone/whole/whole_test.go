package whole_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
	"distributed-counter/settings"
	"distributed-counter/standalone/show"
	"distributed-counter/standalone/whole"
)

// small are settings for a whole of which several run on one machine, and
// whose minutes pass quickly.
func small(t *testing.T, dir string, more ...string) settings.Settings {
	t.Helper()
	s, _, err := settings.Load(append([]string{"COUNTER_DATA_DIR=" + dir,
		"COUNTER_API_ADDR=127.0.0.1:0", "COUNTER_GATEWAY_ADDR=127.0.0.1:0", "COUNTER_ADMIN_ADDR=127.0.0.1:0", "COUNTER_KAFKA_ADDR=127.0.0.1:0", "KAFKA_BROKERS=127.0.0.1:1",
		"COUNTER_PANE=300ms", "COUNTER_GRACE=2s", "COUNTER_API_DEADLINE=1900ms", "COUNTER_IDLE_AFTER=100ms"}, more...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start runs a whole until stop is called, which waits for its end.
func start(t *testing.T, s settings.Settings) (place whole.Place, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	places, ended := make(chan whole.Place, 1), make(chan error, 1)
	go func() {
		ended <- whole.Run(ctx, whole.Config{Settings: s, Log: testLog(t), Show: func(_ context.Context, p whole.Place) error {
			places <- p
			return nil
		}})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("end of the whole: %v", err)
		}
	})
	t.Cleanup(stop)
	for {
		select {
		case place = <-places:
		case <-place.Ready:
			return place, stop
		case err := <-ended:
			t.Fatalf("the whole has ended: %v", err)
		}
	}
}

func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func like(t *testing.T, at whole.Place, id string) {
	t.Helper()
	resp, err := http.Post("http://"+at.API+"/dev/videos/"+id+"/likes", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if want := fmt.Sprintf(`{"new video":%q}`, id); err != nil || resp.StatusCode != 200 || string(body) != want {
		t.Fatalf("like %s: %d %s %v, want 200 %s", id, resp.StatusCode, body, err, want)
	}
}

// counts are all that was ever published, as a plain consumer sees it.
type counts struct {
	live   map[likes.VideoID]uint64 // the last total announced
	finals map[string]uint64        // by window and video
	sums   map[string]uint64        // of the finals, by type and video
	totals map[likes.VideoID]uint64 // the greatest total in a final
}

// read reads the public topics from their beginning until enough says so. A
// second final of one window is an error at once.
func read(t *testing.T, at whole.Place, enough func(*counts) bool) *counts {
	t.Helper()
	c := &counts{map[likes.VideoID]uint64{}, map[string]uint64{}, map[string]uint64{}, map[likes.VideoID]uint64{}}
	topics := likes.DefaultTopics()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	from := show.Source{Brokers: at.Kafka, Topics: append([]string{topics.Live}, topics.Aggregations[:]...), From: kgo.NewOffset().AtStart()}
	err := show.Follow(ctx, from, topics, func(e show.Event) {
		switch {
		case e.Err != nil:
			t.Error(e.Err)
		case e.Live != nil:
			c.live[e.Live.Video] = e.Live.Total
		default:
			key := fmt.Sprint(e.Final.Type, e.Final.Start, e.Final.Video)
			if before, twice := c.finals[key]; twice {
				t.Errorf("second final of a window: %+v after %d", e.Final, before)
			}
			c.finals[key] = e.Final.Count
			c.sums[e.Final.Type+" "+string(e.Final.Video)] += e.Final.Count
			c.totals[e.Final.Video] = max(c.totals[e.Final.Video], e.Final.Total)
		}
		if enough(c) {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !enough(c) {
		t.Fatalf("waited in vain; have %+v", c)
	}
	return c
}

// all says that n likes of a video have been published in windows of each
// size.
func all(id string, n uint64) func(*counts) bool {
	return func(c *counts) bool {
		for _, w := range likes.Windows {
			if c.sums[w.Name+" "+id] < n {
				return false
			}
		}
		return true
	}
}

// Stop and start again: nothing lost, nothing twice. Likes are stopped in
// every state: published, in open windows, and not yet read.
func TestStopAndStartAgain(t *testing.T) {
	t.Parallel()
	s := small(t, t.TempDir())
	const rounds, each = 3, 20
	var sent uint64
	for range rounds {
		place, stop := start(t, s)
		for range each {
			like(t, place, "cat")
			sent++
		}
		read(t, place, func(c *counts) bool { return c.live["cat"] >= sent })
		for range each {
			like(t, place, "cat")
			sent++
		}
		stop()
	}
	place, _ := start(t, s)
	c := read(t, place, all("cat", sent))
	for _, w := range likes.Windows {
		if got := c.sums[w.Name+" cat"]; got != sent {
			t.Errorf("likes in windows of %s: %d, want %d", w.Name, got, sent)
		}
	}
	if c.totals["cat"] != sent || c.live["cat"] != sent {
		t.Errorf("total: %d as published, %d as announced, want %d", c.totals["cat"], c.live["cat"], sent)
	}
}

// The stores are copies: without them, the same counts.
func TestStoresCanBeLost(t *testing.T) {
	t.Parallel()
	s := small(t, t.TempDir())
	place, stop := start(t, s)
	for range 5 {
		like(t, place, "cat")
	}
	read(t, place, all("cat", 5))
	stop()
	for p := range s.Partitions.Log {
		if err := os.RemoveAll(filepath.Join(s.DataDir, fmt.Sprint("count-", p))); err != nil {
			t.Fatal(err)
		}
	}
	place, _ = start(t, s)
	like(t, place, "cat")
	if c := read(t, place, all("cat", 6)); c.totals["cat"] != 6 || c.live["cat"] != 6 {
		t.Errorf("total: %d as published, %d as announced, want 6", c.totals["cat"], c.live["cat"])
	}
}

// What goes wrong at the start is one line that says what to do.
func TestStartSaysWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	broken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(broken, "kafka"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "kafka", "meta.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	counted := small(t, t.TempDir())
	place, stop := start(t, counted)
	like(t, place, "cat")
	read(t, place, func(c *counts) bool { return c.live["cat"] == 1 })
	stop()
	running := small(t, t.TempDir())
	start(t, running)
	for _, tc := range []struct {
		name     string
		settings settings.Settings
		says     []string
	}{
		{"API's port in use", small(t, t.TempDir(), "COUNTER_API_ADDR="+addr), []string{addr + " is in use", "set COUNTER_API_ADDR"}},
		{"Kafka's port in use", small(t, t.TempDir(), "COUNTER_KAFKA_ADDR="+addr), []string{addr + " is in use", "set COUNTER_KAFKA_ADDR"}},
		{"data directory is a file", small(t, file), []string{file + " is not usable", "set COUNTER_DATA_DIR"}},
		{"data directory in use", running, []string{"is in use by process", "set COUNTER_DATA_DIR"}},
		{"broker's data is broken", small(t, broken), []string{filepath.Join(broken, "kafka"), "set COUNTER_DATA_DIR"}},
		{"another pane length", small(t, counted.DataDir, "COUNTER_PANE=400ms"), []string{"set COUNTER_PANE=300ms"}},
		{"no list of videos", small(t, t.TempDir(), "COUNTER_VIDEOS_FILE=/nowhere"), []string{"COUNTER_VIDEOS_FILE", "/nowhere"}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err := whole.Run(ctx, whole.Config{Settings: tc.settings, Log: slog.New(slog.DiscardHandler)})
		cancel()
		for _, want := range tc.says {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: got %v, want one line with %q", tc.name, err, want)
			}
		}
	}
}
