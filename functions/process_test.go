package main_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

const topic = "video_clicks_ingestion"

var (
	binary string // the bootstrap as it is deployed, built for this machine
	server string // the same program with the server in it
)

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "functions")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := build("../deploy/lambda.sh", "own", filepath.Join(dir, "videos")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binary = filepath.Join(dir, "videos", "bootstrap")
	server = filepath.Join(dir, "server")
	if out, err := exec.Command("go", "build", "-o", server, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the server: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// build runs the script that makes what is deployed: folder/bootstrap and
// folder.zip.
func build(script, architecture, folder string) error {
	if out, err := exec.Command(script, architecture, folder).CombinedOutput(); err != nil {
		return fmt.Errorf("build for %s: %w\n%s", architecture, err, out)
	}
	return nil
}

// process is the program, running.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan error

	mu  sync.Mutex // guards log
	log bytes.Buffer
	new chan struct{} // a line was logged
}

// start runs the bootstrap with the environment alone, and ends it with the
// test.
func start(t *testing.T, environ ...string) *process {
	t.Helper()
	return startAs(t, []string{binary}, environ...)
}

// startAs is start of another program than binary.
func startAs(t *testing.T, command []string, environ ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(command[0], command[1:]...), done: make(chan error, 1), new: make(chan struct{}, 1)}
	p.cmd.Env = environ
	p.cmd.Dir = t.TempDir()
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.mu.Lock()
			fmt.Fprintln(&p.log, lines.Text())
			p.mu.Unlock()
			select {
			case p.new <- struct{}{}:
			default:
			}
		}
		p.done <- p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("log of the program:\n%s", p.logged())
		}
	})
	return p
}

func (p *process) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// line waits for a line with the text in it.
func (p *process) line(text string) string {
	p.t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		for line := range strings.Lines(p.logged()) {
			if strings.Contains(line, text) {
				return line
			}
		}
		select {
		case <-p.new:
		case <-timeout:
			p.t.Fatalf("no line with %q in the log", text)
		}
	}
}

// exit waits for the end, after SIGTERM if there is to be one, and gives the
// exit code.
func (p *process) exit(signal syscall.Signal) int {
	p.t.Helper()
	if signal != 0 {
		if err := p.cmd.Process.Signal(signal); err != nil {
			p.t.Fatal(err)
		}
	}
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(30 * time.Second):
		p.t.Fatal("the program does not end")
		return -1
	}
}

func broker(t *testing.T, more ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append(more, kfake.NumBrokers(1), kfake.SeedTopics(3, topic))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// likesIn are the values in the topic.
func likesIn(t *testing.T, c *kfake.Cluster, more ...kgo.Opt) map[string]int {
	t.Helper()
	client, err := kgo.NewClient(append(more, kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(50*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var left int64
	for _, p := range c.PartitionInfos(topic) {
		left += p.HighWatermark
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got := map[string]int{}
	for left > 0 && ctx.Err() == nil {
		for _, r := range client.PollFetches(ctx).Records() {
			got[string(r.Value)]++
			left--
		}
	}
	return got
}
