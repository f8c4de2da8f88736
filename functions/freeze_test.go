package main_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// freeze stops the process as Lambda does between two invocations: it is there,
// and nothing in it moves. It returns when that is so.
func (p *process) freeze() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		p.t.Fatal(err)
	}
	for range 3000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		if err != nil {
			return // not Linux: the signal is as good
		}
		if _, state, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(state, "T") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatal("the process does not stop")
}

func (p *process) thaw() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		p.t.Fatal(err)
	}
}

// lines are the connections of a broker's clients.
type lines struct {
	mu  sync.Mutex // guards all
	all []*line
}

// listen makes the broker's listeners, so that its connections are known here.
func (l *lines) listen() kfake.Opt {
	return kfake.ListenFn(func(network, addr string) (net.Listener, error) {
		listener, err := net.Listen(network, addr)
		return lineListener{listener, l}, err
	})
}

func (l *lines) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// close closes the connections that there are.
func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.all {
		c.Close()
	}
}

// forget lets nothing through the connections that there are, in either
// direction, and tells nobody. New ones work.
func (l *lines) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.all {
		c.forgotten.Store(true)
	}
}

type lineListener struct {
	net.Listener
	lines *lines
}

func (l lineListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &line{Conn: conn}
	l.lines.mu.Lock()
	defer l.lines.mu.Unlock()
	l.lines.all = append(l.lines.all, c)
	return c, nil
}

type line struct {
	net.Conn
	forgotten atomic.Bool
}

func (c *line) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if err != nil || !c.forgotten.Load() {
			return n, err
		}
	}
}

func (c *line) Write(b []byte) (int, error) {
	if c.forgotten.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}
