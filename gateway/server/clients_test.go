package server_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"distributed-counter/likes"
)

var withClients = flag.Bool("clients", false, "install other people's Socket.IO clients and run them")

// The clients of the original server, unchanged, and the newest of both, before
// one gateway, before two behind a balancer, and there without WebSocket: each
// gets what was published before it came, and what is published meanwhile in
// order, over a real network.
func TestClientsOfTheOriginal(t *testing.T) {
	if !*withClients {
		t.Skip("installs clients from their registries: make test-clients")
	}
	w := newFleet(t, 2)
	want := make(map[string]string) // by event and id
	for _, id := range []likes.VideoID{"93f98662-8907-4f43-bb4c-280501481046", "69e7266c-753e-4ed3-b7fc-9035133a293f"} {
		want["live_counts "+string(id)] = liveEvent(w.running(id, 5, 45))
		for i, event := range []string{"live_aggregations_1", "live_aggregations_5", "live_aggregations_10"} {
			want[event+" "+string(id)] = finalEvent(i, w.final(i, id, uint64(10+i), 45))
		}
	}
	stop := w.keepLiking("moving")
	defer stop()
	time.Sleep(time.Second)
	for _, tc := range []struct{ name, host, env string }{
		{"one gateway", w.peers[0], ""},
		{"two behind a balancer", w.host, ""},
		{"two behind a balancer, polling alone", w.host, "POLLING=only"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), "../clients/run", "http://"+tc.host, "live_counts",
				"93f98662-8907-4f43-bb4c-280501481046", "69e7266c-753e-4ed3-b7fc-9035133a293f", "moving")
			command.Stderr, command.Env = os.Stderr, append(os.Environ(), tc.env)
			out, err := command.Output()
			if err != nil {
				t.Fatalf("clients: %v\n%s", err, out)
			}
			reports := strings.Split(string(out), "== ")[1:]
			if len(reports) != 4 {
				t.Fatalf("%d clients reported, want 4:\n%s", len(reports), out)
			}
			for _, report := range reports {
				checkReport(t, report, want)
			}
		})
	}
}

// checkReport expects in what a client was sent all of want, and a total of the
// moving video that only grows.
func checkReport(t *testing.T, report string, want map[string]string) {
	t.Helper()
	name, events, _ := strings.Cut(report, "\n")
	got, total := make(map[string]string), uint64(0)
	lines := bufio.NewScanner(strings.NewReader(events))
	for lines.Scan() {
		var e [2]json.RawMessage
		var event string
		var payload struct {
			ID    string
			Video string `json:"video_uid"`
			Total uint64
		}
		err := json.Unmarshal(lines.Bytes(), &e)
		if err == nil {
			err = errors.Join(json.Unmarshal(e[0], &event), json.Unmarshal(e[1], &payload))
		}
		if err != nil {
			t.Fatalf("%s printed %q: %v", name, lines.Text(), err)
		}
		if payload.Video == "moving" {
			// Python hands each event to a thread of its own, in no order.
			if payload.Total < total && !strings.HasPrefix(name, "python") {
				t.Errorf("%s: total %d after %d", name, payload.Total, total)
			}
			total = payload.Total
			continue
		}
		var plain bytes.Buffer // Python writes spaces
		if err := json.Compact(&plain, e[1]); err != nil {
			t.Fatal(err)
		}
		got[event+" "+payload.ID+payload.Video] = event + " " + plain.String()
	}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s: got %s, want %s", name, got[key], value)
		}
	}
}

// keepLiking publishes running counts of a video until it is stopped.
func (w *world) keepLiking(id likes.VideoID) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	w.running(id, 1, 1)
	go func() {
		defer close(done)
		for n := uint64(2); ; n++ {
			select {
			case <-quit:
				return
			case <-time.After(20 * time.Millisecond):
				w.running(id, n, n)
			}
		}
	}()
	return func() { close(quit); <-done }
}
