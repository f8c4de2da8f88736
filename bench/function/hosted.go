package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// environment is what Lambda and its user give the function.
func environment(cfg config, more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "KAFKA_BROKERS=" + cfg.broker, "VIDEO_EVENTS_INGESTION_TOPIC_NAME=" + topic}, more...)
}

// event is a like as a REST API hands it on.
func event() []byte {
	text, err := json.Marshal(map[string]any{
		"resource": "/videos/{video_id}/likes", "path": "/videos/93f98662-8907-4f43-bb4c-280501481046/likes", "httpMethod": "POST",
		"headers":        map[string]string{"Content-Type": "application/json", "Host": "api.example"},
		"requestContext": map[string]any{"stage": "dev", "httpMethod": "POST", "requestId": "1"},
		"body":           "{}", "isBase64Encoded": false,
	})
	if err != nil {
		panic(err) // strings all
	}
	return text
}

// answered checks what a function gave back.
func answered(body io.Reader) error {
	var a struct {
		StatusCode int    `json:"statusCode"`
		Body       string `json:"body"`
		Message    string `json:"errorMessage"`
	}
	if err := json.NewDecoder(body).Decode(&a); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if a.StatusCode != http.StatusOK {
		return fmt.Errorf("a like is answered %d %s%s", a.StatusCode, a.Body, a.Message)
	}
	return nil
}

// hosted is a bootstrap under a Runtime API (2018-06-01) that does what is
// needed of it and no more.
type hosted struct {
	*process
	server  *http.Server
	events  chan []byte
	answers chan error
	ended   chan struct{}

	mu sync.Mutex // guards at
	at time.Time
}

func beginHosted(_ context.Context, cfg config) (contestant, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the bootstrap: %w", err)
	}
	h := &hosted{events: make(chan []byte), answers: make(chan error, 1), ended: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", h.next)
	take := func(w http.ResponseWriter, r *http.Request) {
		h.answers <- answered(r.Body)
		w.WriteHeader(http.StatusAccepted)
	}
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/1/response", take)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/1/error", take)
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Lambda-Extension-Identifier", "bench")
		fmt.Fprint(w, "{}")
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-h.ended:
		}
	})
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: likeWait}
	go func() { _ = h.server.Serve(listener) }() // until it is closed
	h.process, err = startProcess(cfg.dir, environment(cfg, "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String()), cfg.bootstrap)
	if err != nil {
		_ = h.server.Close()
		return nil, err
	}
	return h, nil
}

func (h *hosted) next(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	if h.at.IsZero() {
		h.at = time.Now()
	}
	h.mu.Unlock()
	select {
	case event := <-h.events:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(10*time.Second).UnixMilli()))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:likes")
		_, _ = w.Write(event)
	case <-r.Context().Done():
	case <-h.ended:
	}
}

func (h *hosted) asked() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hosted) like(ctx context.Context) error {
	select {
	case h.events <- event():
	case <-h.gone:
		return h.why()
	case <-ctx.Done():
		return fmt.Errorf("it asks for no event: %w", ctx.Err())
	}
	select {
	case err := <-h.answers:
		return err
	case <-h.gone:
		return h.why()
	case <-ctx.Done():
		return fmt.Errorf("it does not answer: %w", ctx.Err())
	}
}

func (h *hosted) end() {
	h.process.end()
	close(h.ended)
	_ = h.server.Close()
}

// process is a program that runs.
type process struct {
	cmd  *exec.Cmd
	log  strings.Builder // of use when it is gone
	gone chan struct{}
}

func startProcess(dir string, environ []string, command ...string) (*process, error) {
	path, err := filepath.Abs(command[0])
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(path, command[1:]...), gone: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, environ
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the emulator has the bootstrap below it
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", command[0], err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its log
		close(p.gone)
	}()
	return p, nil
}

func (p *process) why() error { return fmt.Errorf("it ended: %s", p.log.String()) }

func (p *process) pid() int { return p.cmd.Process.Pid }

// end asks it to end, and sees to it after a while.
func (p *process) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // whoever is left of its group
	<-p.gone
}
