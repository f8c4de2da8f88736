package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// root is the module, as a test of this folder sees it.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// build builds programs of the module into a new folder, from sources of which
// some may be replaced, and returns it.
func build(t *testing.T, replace map[string]string, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"build", "-buildvcs=false", "-o", dir + "/"}
	if len(replace) > 0 {
		args = append(args, "-overlay", overlay(t, replace))
	}
	cmd := exec.Command("go", append(args, programs...)...)
	cmd.Dir = root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return dir
}

// process is a program that a test started. Only its test's goroutine calls
// the methods.
type process struct {
	t      *testing.T
	name   string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	log    string // file of what it says
	exited chan struct{}
	err    error // once exited
	meant  bool  // to end: an exit is no surprise
}

// program says what to start.
type program struct {
	name string // also of its log
	path string
	args []string
	env  []string
	dir  string // for its log
}

// start starts a program, in a process group of its own, and sees to it that it
// ends with the test.
func start(t *testing.T, prog program) *process {
	t.Helper()
	p := &process{t: t, name: prog.name, log: filepath.Join(prog.dir, prog.name+".log"), exited: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(prog.path, prog.args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = prog.env
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "JAVA_HOME", "DOCKER_HOST"} {
		if v, set := os.LookupEnv(name); set {
			p.cmd.Env = append(p.cmd.Env, name+"="+v)
		}
	}
	p.cmd.SysProcAttr = attributes()
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // it is the death of the thread that started it that a process is told of
		err := p.cmd.Start()
		if started <- err; err == nil {
			p.err = p.cmd.Wait()
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	t.Cleanup(p.end)
	return p
}

// end ends it if it has not.
func (p *process) end() {
	select {
	case <-p.exited:
		return
	default:
	}
	p.meant = true
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGKILL)
	<-p.exited
}

// signal signals the process and what it has started.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.t.Errorf("signal %v to %s: %v", s, p.name, err)
	}
}

// kill is kill -9.
func (p *process) kill() {
	p.t.Helper()
	p.meant = true
	p.signal(syscall.SIGKILL)
	<-p.exited
}

// terminate is SIGTERM; it returns what the process ended with.
func (p *process) terminate(within time.Duration) error {
	p.t.Helper()
	p.meant = true
	p.signal(syscall.SIGTERM)
	return p.wait(within)
}

// wait waits for its end.
func (p *process) wait(within time.Duration) error {
	select {
	case <-p.exited:
		return p.err
	case <-time.After(within):
		return fmt.Errorf("%s has not ended within %v", p.name, within)
	}
}

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// tail is the end of what it said.
func (p *process) tail(lines int) string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(all[max(0, len(all)-lines):], []byte("\n")))
}

// freeAddr is an address of this machine that nobody listens at.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually waits until something is so.
func eventually(t *testing.T, within time.Duration, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %v", what, within)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
