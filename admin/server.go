package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewRegistry is a registry with the metrics of the Go runtime and of the
// process. Parts add their own.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Config is what [Serve] needs; all of it but Log.
type Config struct {
	Listener net.Listener // closed by Serve
	Health   *Health
	Gatherer prometheus.Gatherer
	Log      *slog.Logger // gets the address, once; by default nothing is logged
}

// writeTimeout bounds an answer; it is also the longest profile.
const writeTimeout = 2 * time.Minute

// Serve answers until ctx ends, and then nil. It logs its address, since the
// port may be one that was free. Beside the three paths it serves profiles: who
// is on call at night wants them of the process that misbehaves, not of one that
// was started anew with a flag.
func Serve(ctx context.Context, cfg Config) error {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	server := &http.Server{
		Handler:           withProfiles(Handler(cfg.Health, cfg.Gatherer)),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	cfg.Log.Info("health and metrics", "url", "http://"+cfg.Listener.Addr().String()+"/metrics")
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(cfg.Listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve health and metrics: %w", err)
	case <-ctx.Done():
	}
	// Who is in the middle of a scrape gets a second; nobody waits for more.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if server.Shutdown(ending) != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve health and metrics: %w", err)
	}
	return nil
}

// Handler answers the three paths, for a process that has a server already.
func Handler(health *Health, gatherer prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		report := health.Report()
		write(w, report.Live, report)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		report := health.Report()
		write(w, report.Ready, report)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	return mux
}

// withProfiles adds the profiles. The package pprof also puts them into
// net/http's default mux, which nothing here serves.
func withProfiles(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// write answers {"ok":false,"checks":[…]}, the checks so that a person sees at
// once what is missing.
func write(w http.ResponseWriter, ok bool, report Report) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(struct {
		OK     bool          `json:"ok"`
		Checks []CheckReport `json:"checks"`
	}{ok, report.Checks})
}
