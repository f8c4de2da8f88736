package chaos_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"distributed-counter/chaos/check"
)

// What a soak sends.
const (
	soakRate   = 1000 // likes per second
	soakVideos = 10_000
	soakZipf   = 1.1
)

// settling is the part of a soak that is not judged: ten minutes of an hour.
const settling = 1.0 / 6

// soakSegment is the size of the segments of topics that Kafka cleans, where it
// would otherwise be larger. Kafka does not touch the newest segment, and with
// its 64 or 100 MiB an hour would end before the first of them was cleaned:
// nothing would have been learnt about the disk.
const soakSegment = 4 << 20

// soakStores makes the memory of RocksDB as small, for the same reason: a write
// buffer of 8 MiB would be written thrice in an hour, three of them at the same
// time, and a cache of 64 MiB would not be full at its end.
var soakStores = []string{"COUNTER_STORE_CACHE_MIB=4", "COUNTER_STORE_WRITE_BUFFER_MIB=1"}

// TestSoak runs without any fault for as long as it is told, and looks for what
// grows: memory, goroutines, open files, disk. What it takes to be flat is said
// at flat; the checker judges the counts as ever.
func TestSoak(t *testing.T) {
	if *soakFor == 0 {
		t.Skip("takes as long as it is told: make soak DURATION=1h")
	}
	s := short(theSeed(t))
	// As it ships, but for the pane and what is said above; and a machine may be busy for a moment.
	s.grace, s.deadline, s.slack = 5*time.Second, 4*time.Second, 10*time.Second
	s.rate, s.videos, s.zipf = soakRate, soakVideos, soakZipf
	s.judgeWithin, s.host, s.unobserved = 10*time.Minute, true, true
	s.store, s.bin = soakStores, programs(t, nil)
	w := newWorld(t, s)
	w.addProcessors(3)
	w.shortenSegments()
	w.startLoad()
	w.calm()
	h := &history{settled: time.Duration(settling * float64(*soakFor))}
	defer func() { // also when it fails midway
		t.Logf("after %v:\n%s", h.last(), h.table(*soakFor))
		if err := os.WriteFile(filepath.Join(w.dir, "samples.csv"), h.csv(), 0o644); err != nil {
			t.Errorf("keep the samples: %v", err)
		}
	}()
	w.record(h, *soakFor)
	holds, said := w.judge()
	t.Logf("the checker:\n%s", said)
	if !holds {
		t.Error("the checker objects")
	}
	for _, grown := range h.grown() {
		t.Errorf("%s is not flat", grown)
	}
}

// shortenSegments gives the topics that Kafka cleans segments of soakSegment,
// Kafka's own topics included. Those with smaller or younger ones keep them.
func (w *world) shortenSegments() {
	w.Helper()
	names := check.DefaultTopics()
	size := strconv.Itoa(soakSegment)
	changed, err := w.admin.AlterTopicConfigs(w.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "segment.bytes", Value: &size}},
		names.Log, names.Changelog, "__consumer_offsets", "__transaction_state")
	if err != nil {
		w.Fatal(err)
	}
	for _, c := range changed {
		if c.Err != nil {
			w.Fatalf("segments of %s: %v %s", c.Name, c.Err, c.ErrMessage)
		}
	}
}

// record samples everything until a time has passed. It fails the test when a
// process has ended, or no like is acknowledged any more.
func (w *world) record(h *history, span time.Duration) {
	w.Helper()
	began := time.Now()
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for time.Since(began) < span {
		w.unsurprised()
		w.loaded()
		h.add(time.Since(began), w.sample())
		if n := len(h.samples); n%30 == 0 {
			w.Logf("%v: %v", h.last(), w.load)
		}
		<-tick.C
	}
	h.add(time.Since(began), w.sample())
}
