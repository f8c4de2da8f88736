package admin_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"distributed-counter/admin"
)

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestHealth(t *testing.T) {
	for _, tc := range []struct {
		name        string
		say         func(store, task *admin.Check)
		live, ready int
		body        string // of /readyz
	}{
		{"new checks are not ready", func(_, _ *admin.Check) {}, 200, 503,
			`{"ok":false,"checks":[{"name":"store","state":"not ready","reason":"starting"},{"name":"task","state":"not ready","reason":"starting"}]}`},
		{"all are ready", func(s, k *admin.Check) { s.Ready(); k.Ready() }, 200, 200,
			`{"ok":true,"checks":[{"name":"store","state":"ready"},{"name":"task","state":"ready"}]}`},
		{"one is not any more", func(s, k *admin.Check) { s.Ready(); k.Ready(); k.NotReady("no progress for 30s") }, 200, 503,
			`{"ok":false,"checks":[{"name":"store","state":"ready"},{"name":"task","state":"not ready","reason":"no progress for 30s"}]}`},
		{"one is dead", func(s, k *admin.Check) { s.Ready(); k.Dead("no progress for 60s") }, 503, 503,
			`{"ok":false,"checks":[{"name":"store","state":"ready"},{"name":"task","state":"dead","reason":"no progress for 60s"}]}`},
		{"one comes back", func(s, k *admin.Check) { s.Ready(); k.NotReady("x"); k.Ready() }, 200, 200,
			`{"ok":true,"checks":[{"name":"store","state":"ready"},{"name":"task","state":"ready"}]}`},
		{"one has ended", func(s, k *admin.Check) { s.Ready(); k.Remove(); k.NotReady("late") }, 200, 200,
			`{"ok":true,"checks":[{"name":"store","state":"ready"}]}`},
	} {
		var health admin.Health
		task := health.Check("task") // the report is by name
		tc.say(health.Check("store"), task)
		h := admin.Handler(&health, prometheus.NewRegistry())
		if code, _ := get(t, h, "/livez"); code != tc.live {
			t.Errorf("%s: /livez %d, want %d", tc.name, code, tc.live)
		}
		code, body := get(t, h, "/readyz")
		if code != tc.ready || body != tc.body {
			t.Errorf("%s: /readyz\n got %d %s\nwant %d %s", tc.name, code, body, tc.ready, tc.body)
		}
	}
}

func TestNoChecksIsReady(t *testing.T) {
	var health admin.Health
	if r := health.Report(); !r.Live || !r.Ready || len(r.Checks) != 0 {
		t.Errorf("Report without checks: %+v, want live and ready", r)
	}
	var none *admin.Check
	none.Ready()
	none.NotReady("nobody hears")
	none.Dead("nobody hears")
	none.Remove()
}

// Parts speak while others ask; the race detector listens.
func TestHealthIsSafeForConcurrentUse(t *testing.T) {
	var health admin.Health
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				c := health.Check("part")
				c.Ready()
				c.NotReady("busy")
				health.Report()
				c.Remove()
			}
		})
	}
	wg.Wait()
	if r := health.Report(); len(r.Checks) != 0 {
		t.Errorf("checks left: %+v", r.Checks)
	}
}

func TestMetricsAndOtherPaths(t *testing.T) {
	registry := admin.NewRegistry()
	likes := prometheus.NewCounter(prometheus.CounterOpts{Name: "parts_total", Help: "A part's own."})
	registry.MustRegister(likes)
	likes.Add(7)
	h := admin.Handler(&admin.Health{}, registry)
	code, body := get(t, h, "/metrics")
	for _, want := range []string{"parts_total 7", "go_goroutines ", "process_resident_memory_bytes "} {
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("/metrics: %d, does not have %q", code, want)
		}
	}
	if code, _ := get(t, h, "/debug/pprof/"); code != 404 {
		t.Errorf("/debug/pprof/ on another's server: %d, want 404", code)
	}
	if code, _ := get(t, h, "/"); code != 404 {
		t.Errorf("/: %d, want 404", code)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/livez", nil))
	if w.Code != 405 {
		t.Errorf("POST /livez: %d, want 405", w.Code)
	}
}

// A port of 0 takes a free one and says which; a cancelled Serve is no error
// and leaves the port free.
func TestServe(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- admin.Serve(ctx, admin.Config{Listener: listener, Health: &admin.Health{},
			Gatherer: admin.NewRegistry(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	}()
	resp, err := http.Get("http://" + addr + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if diff := cmp.Diff("{\"ok\":true,\"checks\":[]}\n", string(body)); err != nil || resp.StatusCode != 200 || diff != "" {
		t.Errorf("/readyz: %d, error %v (-want +got):\n%s", resp.StatusCode, err, diff)
	}
	resp, err = http.Get("http://" + addr + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	body, err = io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != 200 || !strings.Contains(string(body), "admin.Serve") {
		t.Errorf("/debug/pprof/goroutine: %d, error %v, want a stack of admin.Serve:\n%s", resp.StatusCode, err, body)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve after cancel: %v, want nil", err)
	}
	if !strings.Contains(log.String(), "http://"+addr+"/metrics") {
		t.Errorf("log %q does not have the address %s", log.String(), addr)
	}
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("the port is not free after Serve: %v", err)
	}
	again.Close()
}

// A listener that breaks is an error, not silence.
func TestServeReportsABrokenListener(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	err = admin.Serve(t.Context(), admin.Config{Listener: listener, Health: &admin.Health{}, Gatherer: admin.NewRegistry()})
	if err == nil || !strings.Contains(err.Error(), "serve health and metrics") {
		t.Errorf("Serve on a closed listener: %v, want an error that says what was done", err)
	}
}
