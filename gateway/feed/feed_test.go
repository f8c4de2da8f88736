package feed_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"distributed-counter/gateway/feed"
	"distributed-counter/likes"
)

// What was published before is taken in silently, then each change is told.
func TestChangesAreToldOnceCaughtUp(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		w.running("cat", 1, 1)
		w.running("cat", 2, 2)
		w.final(0, "dog", 7, 9)
		f, stop := w.feed()
		defer stop()
		time.Sleep(time.Second)
		w.told("caught up")
		if got := w.unready(); got != "" {
			t.Errorf("not ready: %q, want ready", got)
		}
		if v := f.Video("cat"); v.Total() != 2 || v.Live.Windows[0].Count != 2 {
			t.Errorf("cat: %+v, want the newest of two records", v)
		}
		if v := f.Video("dog"); v.Total() != 9 || v.Finals[0].Count != 7 || v.Live.Video != "" {
			t.Errorf("dog: %+v, want a final count alone", v)
		}
		if v := f.Video("cow"); v.Total() != 0 || v.Live.Video != "" {
			t.Errorf("cow: %+v, want nothing", v)
		}
		w.running("cat", 3, 3)
		time.Sleep(time.Second) // so that the order of the topics is certain
		w.final(2, "cat", 3, 3)
		time.Sleep(time.Second)
		w.told("running cat 3 of 3", "final 10min cat 3 of 3")
		if got := f.Videos(); got != 2 {
			t.Errorf("%d videos, want 2", got)
		}
	})
}

// "final counts from where the topic was 30 panes ago"
func TestFinalCountsOfThirtyPanes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		w.final(0, "old", 1, 1)
		w.running("old", 1, 1)
		time.Sleep(2 * time.Minute)
		w.final(0, "young", 2, 2)
		time.Sleep(29 * time.Minute)
		f, stop := w.feed()
		defer stop()
		time.Sleep(time.Second)
		if v := f.Video("old"); v.Finals[0].Count != 0 || v.Total() != 1 {
			t.Errorf("old: %+v, want its running record alone", v)
		}
		if got := f.Video("young").Finals[0].Count; got != 2 {
			t.Errorf("young: final count %d, want 2", got)
		}
	})
}

// Nothing is missed of what is published between two questions about offsets.
func TestWhatIsPublishedDuringTheStart(t *testing.T) {
	asked := 0
	for at := 1; at == 1 || at <= asked; at++ {
		inWorld(t, func(w *world) {
			w.create()
			asked = 0
			w.cluster.ControlKey(kmsg.ListOffsets.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
				w.cluster.KeepControl()
				if asked++; asked == at {
					w.cluster.SleepControl(func() {
						w.final(0, "cat", 1, 1)
						w.running("cat", 1, 1)
					})
				}
				return nil, nil, false
			})
			f, stop := w.feed()
			defer stop()
			time.Sleep(5 * time.Second)
			if v := f.Video("cat"); v.Finals[0].Count != 1 || v.Live.Total != 1 {
				t.Errorf("published before the answer to question %d: %+v, want both counts", at, v)
			}
		})
	}
	if asked < 3 {
		t.Errorf("%d questions about offsets: the test has nothing to interrupt", asked)
	}
}

// "starts without Kafka (waits with backoff, one log line)", "waits for topics
// without failing"
func TestStartWithoutKafkaAndWithoutTopics(t *testing.T) {
	inWorld(t, func(w *world) {
		w.cut(true)
		_, stop := w.feed()
		defer stop()
		time.Sleep(time.Minute)
		if got := w.unready(); !strings.Contains(got, "waiting for Kafka") {
			t.Errorf("without Kafka: not ready because %q, want that it waits for it", got)
		}
		w.cut(false)
		time.Sleep(time.Minute)
		if got := w.unready(); !strings.Contains(got, "does not exist yet") {
			t.Errorf("without topics: not ready because %q, want that they do not exist", got)
		}
		if got := w.lines(""); got != 1 {
			t.Errorf("%d log lines, want one: %q", got, w.said)
		}
		w.create()
		time.Sleep(5 * time.Second)
		w.told("caught up")
		w.running("cat", 1, 1)
		time.Sleep(time.Second)
		w.told("running cat 1 of 1")
		if got := w.unready(); got != "" {
			t.Errorf("with everything: not ready because %q, want ready", got)
		}
	})
}

// "comes back after Kafka was away and says so"
func TestKafkaGoesAndComesBack(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		_, stop := w.feed()
		defer stop()
		time.Sleep(time.Second)
		w.told("caught up")
		w.cut(true)
		w.running("cat", 1, 1) // the processors still reach it
		time.Sleep(10 * time.Minute)
		if got := w.lines("Kafka is away"); got != 1 {
			t.Errorf("%d lines that Kafka is away, want 1: %q", got, w.said)
		}
		if got := w.unready(); got != "" {
			t.Errorf("not ready because %q, want ready: counts that stand still are worth more than none", got)
		}
		w.told()
		w.cut(false)
		time.Sleep(10 * time.Second)
		w.told("running cat 1 of 1")
		if got := w.lines("Kafka is back"); got != 1 {
			t.Errorf("%d lines that Kafka is back, want 1: %q", got, w.said)
		}
	})
}

// Of what was published while nobody read, each video's newest counts are told.
func TestTheNewestAreTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		_, stop := w.feed()
		defer stop()
		time.Sleep(time.Second)
		w.told("caught up")
		w.cut(true)
		for i := range uint64(100) {
			w.running("cat", i+1, i+1)
			w.final(0, "cat", i+1, i+1)
			w.final(1, "cat", i+1, i+1)
		}
		w.running("dog", 1, 1)
		w.cut(false)
		time.Sleep(10 * time.Second)
		w.mu.Lock()
		slices.Sort(w.notes) // topics are read in any order
		w.mu.Unlock()
		w.told("final 1min cat 100 of 100", "final 5min cat 100 of 100", "running cat 100 of 100", "running dog 1 of 1")
	})
}

// Final counts of the windows of ten panes are told each, however many are read
// at once; of those before, the newest.
func TestRecentWindowsAreToldEach(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		_, stop := w.feed()
		defer stop()
		time.Sleep(time.Second)
		w.told("caught up")
		w.cut(true)
		for i := range uint64(14) {
			time.Sleep(pane)
			w.final(0, "cat", i+1, i+1)
		}
		time.Sleep(pane / 2)
		w.cut(false)
		time.Sleep(10 * time.Second)
		want := []string{"final 1min cat 4 of 4"} // its window ended ten panes and a half ago
		for i := 5; i <= 14; i++ {
			want = append(want, fmt.Sprintf("final 1min cat %d of %d", i, i))
		}
		w.told(want...)
	})
}

// Only what is committed is told, and an open transaction at the start loses
// nothing.
func TestOnlyCommittedCounts(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		writer := w.newClient(kgo.TransactionalID("t"))
		defer writer.Close()
		transaction := func(count uint64, end kgo.TransactionEndTry) {
			t.Helper()
			if count > 0 {
				if err := writer.BeginTransaction(); err != nil {
					t.Fatal(err)
				}
				if err := writer.ProduceSync(context.Background(), w.liveRecord("cat", count, count)).FirstErr(); err != nil {
					t.Fatal(err)
				}
				return
			}
			if err := writer.EndTransaction(context.Background(), end); err != nil {
				t.Fatal(err)
			}
		}
		transaction(1, false)
		transaction(0, kgo.TryAbort)
		transaction(2, false)
		_, stop := w.feed()
		defer stop()
		time.Sleep(time.Second)
		w.told("caught up")
		transaction(0, kgo.TryCommit)
		time.Sleep(time.Second)
		w.told("running cat 2 of 2")
		transaction(3, false)
		time.Sleep(time.Second)
		transaction(0, kgo.TryAbort)
		time.Sleep(time.Second)
		w.told()
	})
}

// A Kafka that was emptied is another one: what it said before holds no more.
func TestTopicsMadeAnew(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		w.running("cat", 5, 5)
		f, stop := w.feed()
		defer stop()
		time.Sleep(time.Second)
		w.told("caught up")
		if _, err := kadm.NewClient(w.client).DeleteTopics(context.Background(), append(w.topics.Aggregations[:], w.topics.Live)...); err != nil {
			t.Fatal(err)
		}
		w.create()
		time.Sleep(time.Minute)
		w.told("caught up")
		if v := f.Video("cat"); v.Total() != 0 {
			t.Errorf("cat has %d likes in an empty Kafka, want 0", v.Total())
		}
		w.reconnect()
		w.running("cat", 1, 1)
		time.Sleep(time.Second)
		w.told("running cat 1 of 1")
	})
}

// New partitions are read, and the old ones are not read again.
func TestPartitionsAreAdded(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		_, stop := w.feed()
		defer stop()
		time.Sleep(time.Second)
		w.running("cat", 1, 1)
		time.Sleep(time.Second)
		w.told("caught up", "running cat 1 of 1")
		if _, err := kadm.NewClient(w.client).UpdatePartitions(context.Background(), 4, w.topics.Live); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		w.reconnect()
		r := w.liveRecord("dog", 2, 2)
		r.Partition = 3
		w.produce(r)
		time.Sleep(time.Second)
		w.told("running dog 2 of 2")
	})
}

// What is no count is counted and skipped, and said once.
func TestForeignRecords(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		_, stop := w.feed()
		defer stop()
		time.Sleep(time.Second)
		for _, r := range []*kgo.Record{
			{Topic: w.topics.Live, Value: []byte("{")},
			{Topic: w.topics.Live, Value: []byte(`{"video_uid":""}`)},
			{Topic: w.topics.Live, Value: nil},
			{Topic: w.topics.Aggregations[0], Value: []byte(`{"type":"5min","video_uid":"cat","count":1}`)},
			{Topic: w.topics.Aggregations[0], Value: []byte(`[1]`)},
		} {
			w.produce(r)
		}
		w.running("cat", 1, 1)
		time.Sleep(time.Second)
		w.told("caught up", "running cat 1 of 1")
		if got := w.lines("is no count"); got != 1 {
			t.Errorf("%d lines about foreign records, want 1: %q", got, w.said)
		}
	})
}

// "a running window whose end has passed reads as 0"
func TestCurrentWindowIsByTheClock(t *testing.T) {
	start := time.Date(2026, 11, 22, 10, 4, 0, 0, time.UTC)
	v := feed.Video{Live: likes.Live{Video: "cat", Total: 5}}
	for i, w := range likes.Windows {
		first := w.First(likes.PaneOf(start.UnixMilli(), pane))
		v.Live.Windows[i] = likes.Running{Start: first.Start(pane), End: (first + likes.Pane(w.Panes)).Start(pane), Count: 5}
	}
	for _, tc := range []struct {
		name       string
		at         string
		window     int
		count      uint64
		start, end string
	}{
		{"within", "10:04:59.999", 0, 5, "10:04:00", "10:05:00"},
		{"the end is exclusive", "10:05:00", 0, 0, "10:05:00", "10:06:00"},
		{"long after", "11:33:20", 0, 0, "11:33:00", "11:34:00"},
		{"five minutes end with the fifth", "10:05:00", 1, 0, "10:05:00", "10:10:00"},
		{"ten minutes go on", "10:09:59", 2, 5, "10:00:00", "10:10:00"},
		{"the gateway's clock is behind", "10:03:58", 0, 5, "10:04:00", "10:05:00"},
	} {
		now, err := time.Parse(time.DateOnly+" 15:04:05.999", "2026-11-22 "+tc.at)
		if err != nil {
			t.Fatal(err)
		}
		got := v.Current(tc.window, now, pane)
		if got.Count != tc.count || got.Start.Format(time.TimeOnly) != tc.start || got.End.Format(time.TimeOnly) != tc.end {
			t.Errorf("%s: got %+v, want %d in [%s, %s)", tc.name, got, tc.count, tc.start, tc.end)
		}
	}
}
