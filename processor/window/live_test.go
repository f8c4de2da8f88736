package window_test

import (
	"fmt"
	"runtime"
	"testing"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// A source that says nothing keeps panes open for hours: what waits to be
// announced must not grow with the time that takes.
func TestAnnouncementsAreBoundedByVideos(t *testing.T) {
	c := window.NewCounter(window.Position{Identity: modelIdentity, Published: never, At: window.Progress{Frontier: never}})
	s := window.NewSource(window.SourceConfig{Partitions: 1}, window.SourcePosition{Identity: modelIdentity})
	const rounds = 200_000
	wave, steady := []byte("wave"), []byte("steady")
	table := newShelf()
	var before runtime.MemStats
	for round := range rounds {
		for i := range 14 {
			id := wave
			if i < 4 {
				id = steady // always announced as the oldest, never for its rank
			}
			if err := s.Add(s.Next(), 1, id); err != nil {
				t.Fatal(err)
			}
		}
		for _, b := range s.Flush(2).Batches[0] { // of two sources, one is silent
			if _, err := c.Fold(c.Next(), b); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := c.Announce(table, 2); len(got) != 2 || err != nil {
			t.Fatal(got, err)
		}
		if round == rounds/10 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
	}
	var after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(c)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 512<<10 {
		t.Errorf("%d bytes more after ten times as long", grown)
	}
}

// Half of what may be announced goes to the videos with the most new likes, so
// that a wave is seen at once, and half to those that have waited longest, so
// that no other goes stale.
func TestBusiestAndOldestAreAnnouncedFirst(t *testing.T) {
	c := window.NewCounter(window.Position{Identity: modelIdentity, Published: never, At: window.Progress{Frontier: never}})
	s := window.NewSource(window.SourceConfig{Partitions: 1}, window.SourcePosition{Identity: modelIdentity})
	const quiet = 50
	add := func(id string, n int) {
		for range n {
			if err := s.Add(s.Next(), 1, []byte(id)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range quiet {
		add(fmt.Sprintf("quiet %02d", i), 1)
	}
	seen := map[string]int{}
	for round := range quiet {
		for i := range 10 {
			add(fmt.Sprintf("wave %d", i), 100+i)
		}
		if _, err := c.Fold(c.Next(), s.Flush(1).Batches[0][0]); err != nil {
			t.Fatal(err)
		}
		running, err := c.Announce(newShelf(), 4)
		if err != nil || len(running) != 4 {
			t.Fatalf("announced %v, %v", running, err)
		}
		waves := 0
		for _, r := range running {
			if seen[r.ID]++; r.ID[0] == 'w' {
				waves++
			}
		}
		if waves < 2 {
			t.Errorf("round %d: %d of the wave announced, want 2 at least: %v", round, waves, running)
		}
	}
	for i := range quiet {
		if id := fmt.Sprintf("quiet %02d", i); seen[id] != 1 {
			t.Errorf("%s was announced %d times, want once", id, seen[id])
		}
	}
}

// What is announced adds the store and the open panes up, also when a video
// has likes in several.
func TestRunningCountsSpanPublishedAndOpenPanes(t *testing.T) {
	var cat window.Video
	cat.Add(8, window.Count{Likes: 1})
	cat.Add(9, window.Count{Likes: 10})
	table := newShelf()
	table.videos["cat"] = cat
	c := window.NewCounter(window.Position{Identity: modelIdentity, Published: 10, At: window.Progress{Frontier: 10}})
	s := window.NewSource(window.SourceConfig{Partitions: 1}, window.SourcePosition{Identity: modelIdentity})
	for p, n := range map[int64]int{10: 2, 14: 3, 15: 4} {
		for range n {
			if err := s.Add(s.Next(), p*modelPane.Milliseconds(), []byte("cat")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := c.Fold(0, s.Flush(1).Batches[0][0]); err != nil {
		t.Fatal(err)
	}
	got, err := c.Announce(table, 10)
	want := window.Running{ID: "cat", Pane: 15, Total: 20, Counts: [len(likes.Windows)]uint64{4, 4, 9}}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if again, err := c.Announce(table, 10); len(again) != 0 || err != nil || c.Waiting() {
		t.Errorf("announced again: %+v, %v", again, err)
	}
}
