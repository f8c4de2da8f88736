package main_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func field(t *testing.T, line, name string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		t.Fatalf("log line %q: %v", line, err)
	}
	value, _ := fields[name].(string)
	return value
}

// The plain server: a like, its list, its health, and an end that finishes
// what has begun.
func TestServer(t *testing.T) {
	kafka := broker(t)
	p := startAs(t, []string{server}, "COUNTER_API_ADDR=127.0.0.1:0", "COUNTER_ADMIN_ADDR=127.0.0.1:0", "COUNTER_GRACE=40s", "COUNTER_API_DEADLINE=25s",
		"KAFKA_BROKER_URL=kafka://"+kafka.ListenAddrs()[0], "AGGREGATION_TABLE_NAME_1_MIN=x")
	url := "http://" + field(t, p.line("taking likes"), "addr")
	metrics := field(t, p.line("health and metrics"), "url")
	p.line("AGGREGATION_TABLE_NAME_1_MIN") // the note

	post := func(id string) int {
		resp, err := http.Post(url+"/dev/videos/"+id+"/likes", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Error(err)
			return 0
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if code := post("cat"); code != 200 {
		t.Fatalf("a like: %d, want 200", code)
	}
	for url, want := range map[string]string{
		url + "/dev/videos/metadata":                     "Faust rocks",
		strings.Replace(metrics, "metrics", "readyz", 1): `"ok":true`,
		metrics: `counter_api_requests_total{code="200",resource="likes"} 1`,
	} {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || !strings.Contains(string(text), want) {
			t.Errorf("GET %s: %d, error %v, want 200 with %q", url, resp.StatusCode, err, want)
		}
	}

	// A like that Kafka holds when SIGTERM comes is finished.
	held, release := make(chan struct{}), make(chan struct{})
	kafka.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		kafka.SleepControl(func() {
			close(held)
			<-release
		})
		return nil, nil, false
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		if code := post("dog"); code != 200 {
			t.Errorf("the like that had begun: %d, want 200", code)
		}
	})
	<-held
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // it takes no more
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			break
		}
		conn.Close()
	}
	close(release)
	wg.Wait()
	if code := p.exit(0); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if diff := cmp.Diff(map[string]int{"cat": 1, "dog": 1}, likesIn(t, kafka)); diff != "" {
		t.Errorf("likes in Kafka (-want +got):\n%s", diff)
	}
}

// What is wrong at the start is said in one line each, and the exit code is 1.
func TestStartThatFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tc := range []struct {
		name    string
		program string
		environ []string
		want    []string // a part of each line
	}{
		{"what Lambda runs, elsewhere", binary, nil, []string{"AWS_LAMBDA_RUNTIME_API is not set"}},
		{"a port in use", server, []string{"COUNTER_API_ADDR=" + taken.Addr().String()}, []string{"is in use: end the program that listens there, or set COUNTER_API_ADDR"}},
		{"a bad setting, and an unknown one", server, []string{"COUNTER_API_DEADLINE=1h", "COUNTER_API_ADRR=:1"}, []string{"COUNTER_API_DEADLINE", "COUNTER_API_ADDR?"}},
		{"no list", server, []string{"COUNTER_API_ADDR=127.0.0.1:0", "COUNTER_VIDEOS_FILE=none.json"}, []string{"none.json"}},
	} {
		p := startAs(t, []string{tc.program}, tc.environ...)
		code := p.exit(0)
		lines := strings.Split(strings.TrimSpace(p.logged()), "\n")
		if code != 1 || len(lines) != len(tc.want) {
			t.Errorf("%s: exit code %d, log %q; want 1 and %d lines", tc.name, code, lines, len(tc.want))
			continue
		}
		for i, want := range tc.want {
			if !strings.Contains(lines[i], want) {
				t.Errorf("%s: line %q, want %q in it", tc.name, lines[i], want)
			}
		}
	}
}
