package show_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
	"distributed-counter/standalone/show"
)

// A reader that is there first sees all of a topic that is made later, in
// order, what is committed and what is broken; not what was aborted.
func TestFollow(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	topics := likes.DefaultTopics()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	ended := make(chan error, 1)
	go func() {
		source := show.Source{Brokers: cluster.ListenAddrs(), Topics: []string{topics.Live}, From: show.Since(time.Now())}
		ended <- show.Follow(ctx, source, topics, func(e show.Event) {
			if e.Err != nil {
				got = append(got, e.Err.Error())
				return
			}
			got = append(got, string(e.Live.Video))
			if e.Live.Video == "last" {
				cancel()
			}
		})
	}()
	write(t, cluster, topics.Live, live("first", 1, noon, 1, 1, 1).Append(nil))
	abort(t, cluster, topics.Live, live("aborted", 1, noon, 1, 1, 1).Append(nil))
	write(t, cluster, topics.Live, []byte("{"))
	write(t, cluster, topics.Live, live("last", 1, noon, 1, 1, 1).Append(nil))
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	want := []string{"first", "video_likes_live/0 offset 3: parse running counts: unexpected end of JSON input", "last"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("seen (-want +got):\n%s", diff)
	}
}

func write(t *testing.T, cluster *kfake.Cluster, topic string, value []byte) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	_, err = kadm.NewClient(cl).CreateTopic(t.Context(), 1, 1, nil, topic)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: value}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func abort(t *testing.T, cluster *kfake.Cluster, topic string, value []byte) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.TransactionalID("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: value}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
}

// A line per window, not per video, and none is forgotten at the end.
func TestWindows(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	topics := likes.DefaultTopics()
	for i, count := range []uint64{3, 4, 5} {
		f := likes.Final{Type: "1min", Video: likes.VideoID(rune('a' + i)), Count: count, Start: noon, End: noon.Add(time.Minute)}
		write(t, cluster, topics.Aggregations[0], f.Append(nil))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	lines := make(chan string, 10)
	log := slog.New(slog.NewTextHandler(sink(func(line string) { lines <- line }), nil))
	ended := make(chan error, 1)
	go func() {
		from := show.Source{Brokers: cluster.ListenAddrs(), From: kgo.NewOffset().AtStart()}
		ended <- show.Windows(ctx, from, topics, log)
	}()
	first := <-lines
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	want := `msg="window published" window=1min start=2026-03-01T12:00:00.000Z end=2026-03-01T12:01:00.000Z videos=3 likes=12`
	if !strings.Contains(first, want) || len(lines) != 0 {
		t.Errorf("log: %s and %d more lines, want %s", first, len(lines), want)
	}
}

// sink is a writer that is a function.
type sink func(string)

func (s sink) Write(p []byte) (int, error) { s(string(p)); return len(p), nil }
