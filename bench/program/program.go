package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Config says what to run.
type Config struct {
	Path string   // of the program
	Env  []string // settings beside those of this process, which it inherits
	Log  string   // a file for what it says, created anew
}

// Program is a process that was started. Its methods are for one goroutine,
// but for PID, Ready and Metrics, which any may call.
type Program struct {
	Began time.Time // before it was started
	cmd   *exec.Cmd
	admin string
	log   string
}

// Bounds of waiting.
const (
	readyWithin = 5 * time.Minute // a restore of everything is in it
	stopWithin  = 30 * time.Second
	readyPoll   = 5 * time.Millisecond
)

// Start starts a program, with health and metrics at a port of its own. The end
// of ctx is a SIGTERM to it.
func Start(ctx context.Context, cfg Config) (*Program, error) {
	admin, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("create log: %w", err)
	}
	defer log.Close()
	p := &Program{cmd: exec.CommandContext(ctx, cfg.Path), admin: admin, log: cfg.Log}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = stopWithin
	p.cmd.Env = append(append(os.Environ(), cfg.Env...), "COUNTER_ADMIN_ADDR="+admin)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.Began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w (make build makes it)", cfg.Path, err)
	}
	return p, nil
}

// PID is the process's.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Ready waits until the program says that it is ready, and returns when that
// was. An error has the end of its log.
func (p *Program) Ready(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		resp, err := http.Get("http://" + p.admin + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return time.Now(), nil
			}
		}
		select {
		case <-time.After(readyPoll):
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("%s was not ready within %v: %w\n%s", p.cmd.Path, readyWithin, ctx.Err(), p.tail())
		}
	}
}

// Metrics reads the program's metrics: by name with the sum over all labels,
// and by name and labels as they are written.
func (p *Program) Metrics(ctx context.Context) (map[string]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.admin+"/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	defer resp.Body.Close()
	all := make(map[string]float64)
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		line := lines.Text()
		end := strings.LastIndexByte(line, ' ')
		if end < 0 || line[0] == '#' {
			continue
		}
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metric %q: %w", line, err)
		}
		name, _, labelled := strings.Cut(line[:end], "{")
		all[name] += value
		if labelled {
			all[line[:end]] = value
		}
	}
	return all, lines.Err()
}

// Usage is what a process has used: CPU in its whole life, memory until it was
// told to end.
type Usage struct {
	CPU  time.Duration
	Peak int64 // resident memory, bytes
}

// Stop ends the program by SIGTERM and waits for it. It must be called once for
// each program that was started. That it ended otherwise than with status 0 is
// an error, with the end of its log.
func (p *Program) Stop() (Usage, error) {
	u := Usage{Peak: Peak(p.cmd.Process.Pid)}
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil // Wait knows how
	}
	kill := time.AfterFunc(stopWithin, func() { _ = p.cmd.Process.Kill() }) // it may have ended just now
	defer kill.Stop()
	if err = errors.Join(err, p.cmd.Wait()); err != nil {
		return Usage{}, fmt.Errorf("%s: %w\n%s", p.cmd.Path, err, p.tail())
	}
	u.CPU = p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
	return u, nil
}

// Log is what the program has said so far.
func (p *Program) Log() ([]byte, error) {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	return b, nil
}

const tailBytes = 4000

func (p *Program) tail() string {
	b, err := p.Log()
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-tailBytes):])
}

// FreeAddr is an address of this machine that nobody listens at.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}
