package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// producer is a like without the function: the same client, and nothing else.
type producer struct{ client *kgo.Client }

func beginProducer(_ context.Context, cfg config) (contestant, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(cfg.broker), kgo.DefaultProduceTopic(topic),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(0),
		kgo.RecordPartitioner(kgo.LeastBackupPartitioner()), kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("make Kafka client: %w", err)
	}
	return producer{client}, nil
}

func (p producer) like(ctx context.Context) error {
	return p.client.ProduceSync(ctx, kgo.StringRecord("93f98662-8907-4f43-bb4c-280501481046")).FirstErr()
}

func (p producer) asked() time.Time { return time.Time{} }
func (p producer) pid() int         { return 0 }
func (p producer) end()             { p.client.Close() }

// emulated is a bootstrap under SAM's emulator, aws-lambda-rie, which runs in
// each of SAM's containers, here without one.
type emulated struct {
	*process
	url string
}

func beginEmulated(_ context.Context, cfg config) (contestant, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	bootstrap, err := filepath.Abs(cfg.bootstrap)
	if err != nil {
		return nil, err
	}
	p, err := startProcess(cfg.dir, environment(cfg), cfg.emulator, "--log-level", "error",
		"--runtime-interface-emulator-address", ports[0], "--runtime-api-address", ports[1], bootstrap)
	if err != nil {
		return nil, err
	}
	return &emulated{p, "http://" + ports[0] + "/2015-03-31/functions/function/invocations"}, nil
}

// like tries again where the emulator does not listen yet.
func (e *emulated) like(ctx context.Context) error {
	for {
		err := post(ctx, e.url, event(), func(r *http.Response) error { return answered(r.Body) })
		if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "connection refused") {
			return err
		}
		select {
		case <-e.gone:
			return e.why()
		case <-time.After(time.Millisecond):
		}
	}
}

func (e *emulated) asked() time.Time { return time.Time{} }

// pid is that of the bootstrap, the emulator's child; which of the emulator's
// threads has started it, nobody knows.
func (e *emulated) pid() int {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", e.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for _, thread := range threads {
		children, err := os.ReadFile(thread)
		if err != nil {
			continue
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(children))); err == nil {
			return pid
		}
	}
	return 0
}

// remote is an API that somebody else has started.
type remote struct{ url string }

func beginRemote(_ context.Context, cfg config) (contestant, error) {
	return remote{strings.TrimSuffix(cfg.url, "/") + "/videos/93f98662-8907-4f43-bb4c-280501481046/likes"}, nil
}

func (r remote) like(ctx context.Context) error {
	return post(ctx, r.url, []byte("{}"), func(r *http.Response) error {
		if r.StatusCode != http.StatusOK {
			return fmt.Errorf("a like is answered %s", r.Status)
		}
		return nil
	})
}

func (r remote) asked() time.Time { return time.Time{} }
func (r remote) pid() int         { return 0 }
func (r remote) end()             {}

func post(ctx context.Context, url string, body []byte, read func(*http.Response) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("post a like: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("post a like: %w", err)
	}
	defer resp.Body.Close()
	err = read(resp)
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
	return err
}

// freePorts are addresses where nobody listens, for a program that must be told.
func freePorts(n int) ([]string, error) {
	var addresses []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() // all at the end, so that they differ
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}
