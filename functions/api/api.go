package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
)

// Config is what an API is made of. The zero value of each field is a sensible
// default.
type Config struct {
	// Brokers are the Kafka brokers to ask first, host:port each; by default
	// localhost:9094.
	Brokers []string
	// Topic takes the likes. It is created by the processor, never here; by
	// default video_clicks_ingestion.
	Topic string
	// Deadline is the time Kafka has to confirm a like, at least 10 ms; by
	// default 4 s. It is to be below the processors' grace.
	Deadline time.Duration
	// InFlight is how many likes may wait for Kafka at once; by default 4096.
	InFlight int
	// Origins are those whose pages may use the API from a browser, or "*"
	// alone for all; by default none. This is no protection against clients
	// that are not browsers.
	Origins []string
	// Stages are path prefixes that are accepted beside none; by default dev
	// and prod.
	Stages []string
	// Videos is the list that is served; by default [DefaultVideos].
	Videos []Video
	// Log gets a line when likes begin to be refused and one when they are
	// accepted again, never one per like; by default nothing is logged.
	Log *slog.Logger
	// Registerer takes the metrics; by default they are not registered.
	Registerer prometheus.Registerer
	// Kafka are options for the Kafka client beside ours: a dialer, TLS,
	// SASL, hooks.
	Kafka []kgo.Opt
}

// API is an [http.Handler]; see the package comment. It is safe for concurrent
// use.
type API struct {
	stages   map[string]bool
	cors     cors
	videos   []byte // the answer to GET metadata
	inFlight chan struct{}
	producer *producer
	metrics  *metrics
}

// New makes an API. It does not wait for Kafka. What it starts, Close ends.
func New(cfg Config) (*API, error) {
	if cfg.Topic == "" {
		cfg.Topic = likes.DefaultTopics().Ingestion
	}
	if len(cfg.Brokers) == 0 {
		cfg.Brokers = []string{"localhost:9094"}
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = 4 * time.Second
	}
	if cfg.InFlight == 0 {
		cfg.InFlight = 4096
	}
	if cfg.Stages == nil {
		cfg.Stages = []string{"dev", "prod"}
	}
	if cfg.Videos == nil {
		cfg.Videos = DefaultVideos()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Deadline < 10*time.Millisecond || cfg.InFlight < 1 {
		return nil, fmt.Errorf("deadline %s, in flight %d: expected at least 10ms and 1", cfg.Deadline, cfg.InFlight)
	}
	videos, err := encodeVideos(cfg.Videos)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, err
	}
	p, err := newProducer(cfg, m)
	if err != nil {
		return nil, err
	}
	stages := make(map[string]bool, len(cfg.Stages))
	for _, s := range cfg.Stages {
		stages[s] = true
	}
	return &API{
		stages: stages, cors: newCORS(cfg.Origins), videos: videos,
		inFlight: make(chan struct{}, cfg.InFlight), producer: p, metrics: m,
	}, nil
}

// Close waits for the likes that are on their way, at most one deadline, and
// ends the Kafka client. A like that comes later is answered 503; the list is
// still served. Call it after the server has been shut down.
func (a *API) Close() { a.producer.close() }

// resource is what a path names: its methods, and what they do.
type resource struct {
	name    string // a label of the metrics
	methods string // for Allow
	serve   func(http.ResponseWriter, *http.Request) error
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := &recorder{ResponseWriter: w}
	res := a.resource(r.URL)
	a.cors.allow(w.Header(), r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err := a.dispatch(answer, r, res); err != nil {
		writeProblem(answer, r, err)
	}
	a.metrics.requests.WithLabelValues(res.name, codeLabel(answer.code)).Inc()
}

func (a *API) dispatch(w http.ResponseWriter, r *http.Request, res resource) error {
	switch {
	case res.serve == nil:
		return errNoResource
	case r.Method == http.MethodOptions:
		a.cors.preflight(w.Header(), r, res.methods)
		w.Header().Set("Allow", res.methods)
		w.WriteHeader(http.StatusNoContent)
		return nil
	case !allows(res.methods, r.Method):
		w.Header().Set("Allow", res.methods)
		return problem{http.StatusMethodNotAllowed, "this resource takes " + res.methods}
	}
	return res.serve(w, r)
}

func allows(methods, method string) bool {
	for m := range strings.SplitSeq(methods, ", ") {
		if m == method {
			return true
		}
	}
	return false
}

// resource finds what a path names. It looks at the path as it was sent,
// segment by segment, so that an id may contain an encoded slash. There is no
// cleaning and no redirect, which would turn a POST into a GET: an empty id is
// an empty id.
func (a *API) resource(u *url.URL) resource {
	segments := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	if a.stages[segments[0]] {
		segments = segments[1:]
	}
	switch {
	case len(segments) == 2 && segments[0] == "videos" && segments[1] == "metadata":
		return resource{name: "metadata", methods: "GET, HEAD, OPTIONS", serve: a.serveVideos}
	case len(segments) == 3 && segments[0] == "videos" && segments[2] == "likes":
		return resource{name: "likes", methods: "POST, OPTIONS",
			serve: func(w http.ResponseWriter, r *http.Request) error { return a.serveLike(w, r, segments[1]) }}
	}
	return resource{name: "none"}
}

// errNoResource lists what there is: whoever mistypes a path learns the rest.
var errNoResource = error(problem{http.StatusNotFound,
	"there are POST /videos/{id}/likes and GET /videos/metadata, also below a stage such as /dev; a slash within an id is written %2F"})

// asProblem turns any error into what the client is told.
func asProblem(err error) problem {
	var p problem
	if errors.As(err, &p) {
		return p
	}
	return problem{http.StatusInternalServerError, "this is a fault of the server"}
}
