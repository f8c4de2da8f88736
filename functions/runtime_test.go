package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lambdaRuntime is the side of the Runtime API (version 2018-06-01) that AWS
// has: it hands out one event at a time and takes the answers. It says so
// where an event is not answered in time; nothing else here has a clock.
type lambdaRuntime struct {
	*httptest.Server
	t       *testing.T
	events  chan invocation
	answers chan answer
	closed  chan struct{}
}

type invocation struct {
	id       string
	event    []byte
	deadline time.Time
}

// answer is what a function gave back: an HTTP response, or an error of its
// own.
type answer struct {
	id                string
	failed            string // the error's text
	StatusCode        int
	Headers           map[string]string
	MultiValueHeaders map[string][]string
	Body              string
}

func newRuntime(t *testing.T) *lambdaRuntime {
	r := &lambdaRuntime{t: t, events: make(chan invocation), answers: make(chan answer, 1), closed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, q *http.Request) {
		a := answer{id: q.PathValue("id")}
		if err := json.NewDecoder(q.Body).Decode(&a); err != nil {
			a.failed = "the answer is no JSON: " + err.Error()
		}
		r.answers <- a
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, q *http.Request) {
		text, _ := io.ReadAll(q.Body)
		r.answers <- answer{id: q.PathValue("id"), failed: string(text)}
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Lambda-Extension-Identifier", "sigterm")
		fmt.Fprint(w, "{}")
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-q.Context().Done():
		case <-r.closed:
		}
	})
	r.Server = httptest.NewServer(mux)
	t.Cleanup(func() { close(r.closed); r.Close() })
	return r
}

func (r *lambdaRuntime) next(w http.ResponseWriter, q *http.Request) {
	select {
	case i := <-r.events:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", i.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(i.deadline.UnixMilli()))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:likes")
		_, _ = w.Write(i.event)
	case <-q.Context().Done():
	case <-r.closed:
	}
}

// invoke hands out an event and waits for its answer.
func (r *lambdaRuntime) invoke(id string, event []byte, limit time.Duration) answer {
	r.t.Helper()
	select {
	case r.events <- invocation{id, event, time.Now().Add(limit)}:
	case <-time.After(30 * time.Second):
		r.t.Fatal("the function asks for no event")
	}
	select {
	case a := <-r.answers:
		if a.id != id {
			r.t.Errorf("the answer is for %q, want %q", a.id, id)
		}
		return a
	case <-time.After(limit + 30*time.Second):
		r.t.Fatal("the function does not answer")
		return answer{}
	}
}

// environ is what Lambda sets, as far as anybody here looks at it.
func (r *lambdaRuntime) environ(more ...string) []string {
	return append([]string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(r.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=likes"}, more...)
}

// event is one that was recorded, changed.
func event(t *testing.T, file string, change func(map[string]any)) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var e map[string]any
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(e)
	}
	if text, err = json.Marshal(e); err != nil {
		t.Fatal(err)
	}
	return text
}
