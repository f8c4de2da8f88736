package server

import (
	"net/http"
	"strings"
	"time"

	"distributed-counter/gateway/feed"
)

// answerTimeout is for writing an answer to somebody who takes it slowly.
const answerTimeout = 10 * time.Second

// ServeHTTP answers one request. It looks at the path as it was sent, segment
// by segment, so that an id may contain an encoded slash.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if strings.HasPrefix(r.URL.Path, "/socket.io/") || r.URL.Path == "/socket.io" {
		g.io.ServeHTTP(w, r)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTimeout))
	answer := &recorder{ResponseWriter: w, code: http.StatusOK}
	name, serve := g.resource(r.URL.EscapedPath())
	g.cors.allow(w.Header(), r)
	if err := g.dispatch(answer, r, serve); err != nil {
		writeProblem(answer, r, err)
	}
	g.metrics.requests.WithLabelValues(name, codeLabel(answer.code)).Inc()
	// The connection may go on with a poll, which has deadlines of its own.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
}

type handler func(http.ResponseWriter, *http.Request) error

// resource finds what a path names, and what it is called in metrics.
func (g *gateway) resource(path string) (string, handler) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case path == "/config.json":
		return "config", g.serveConfig
	case path == "/replica":
		return "replica", g.serveReplica
	case segments[0] != "videos":
		return "page", g.page.serve
	case len(segments) == 2 && segments[1] == "trending":
		return "trending", g.serveTrending
	case len(segments) == 3 && segments[2] == "likes":
		return "likes", func(w http.ResponseWriter, r *http.Request) error { return g.serveLikes(w, r, segments[1]) }
	}
	return "none", func(http.ResponseWriter, *http.Request) error { return errNoResource }
}

func (g *gateway) serveReplica(w http.ResponseWriter, r *http.Request) error {
	g.replicas.ServeHTTP(w, r)
	return nil
}

// errNoResource lists what there is: whoever mistypes a path learns the rest.
var errNoResource = error(problem{http.StatusNotFound,
	"there are GET /videos/{id}/likes and GET /videos/trending?window=1min|5min|10min&limit=10; a slash within an id is written %2F"})

const methods = "GET, HEAD, OPTIONS"

func (g *gateway) dispatch(w http.ResponseWriter, r *http.Request, serve handler) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return serve(w, r)
	case http.MethodOptions:
		g.cors.preflight(w.Header(), r)
		w.Header().Set("Allow", methods)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Allow", methods)
	return problem{http.StatusMethodNotAllowed, "this resource takes " + methods}
}

// known fails until the feed has caught up: an answer before would say 0 of
// videos that have likes.
func known(f *feed.Feed) error {
	select {
	case <-f.Ready():
		return nil
	default:
		return problem{http.StatusServiceUnavailable, "counts are not known yet: try again in a second"}
	}
}
