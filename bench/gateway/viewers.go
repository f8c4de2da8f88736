package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"distributed-counter/bench/program"
	"distributed-counter/gateway/socketio/sockettest"
)

// crowd is the viewers. They connect like any client; then one thread reads all
// of them, with as few system calls as there can be, so that the machine is the
// contestant's.
type crowd struct {
	viewers   map[int32]*viewer // by file descriptor
	poll      int               // the epoll instance
	ledger    *ledger
	measuring atomic.Pointer[tally] // nil: nothing is
	dropped   atomic.Int64          // viewers that were disconnected
	leaving   atomic.Bool
	done      chan struct{}
}

// tally is what is measured at the viewers. It is the reading thread's until that
// is done.
type tally struct {
	events    int
	latencies program.Times // of likes that they have seen
}

// at is a quantile of the latencies, sorted, in milliseconds; -1 of none.
func (t *tally) at(q float64) float64 {
	if len(t.latencies) == 0 {
		return -1
	}
	return float64(t.latencies.At(q).Microseconds()) / 1000
}

// glance is the time between two looks at who has something to read. A thread
// that waits for events is woken by each, and it is the sender who pays for that:
// a third of what an event cost, where over a network it would cost nothing.
const glance = 5 * time.Millisecond

// gather connects the viewers, fifty at a time.
func gather(ctx context.Context, o options, url string, l *ledger) (*crowd, error) {
	c := &crowd{ledger: l, viewers: make(map[int32]*viewer, o.viewers), done: make(chan struct{})}
	var err error
	if c.poll, err = syscall.EpollCreate1(0); err != nil {
		return nil, fmt.Errorf("make an epoll instance: %w", err)
	}
	all := make([]*viewer, o.viewers)
	connecting, ctx := errgroup.WithContext(ctx)
	connecting.SetLimit(50)
	for i := range all {
		connecting.Go(func() (err error) {
			if all[i], err = connect(ctx, url, string(videoID(i%o.videos))); err != nil {
				return fmt.Errorf("viewer %d: %w", i, err)
			}
			all[i].video = i % o.videos
			return nil
		})
	}
	err = connecting.Wait()
	for _, v := range all {
		if v == nil {
			continue
		}
		c.viewers[int32(v.fd)] = v
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(v.fd)}
		if failed := syscall.EpollCtl(c.poll, syscall.EPOLL_CTL_ADD, int(event.Fd), &event); failed != nil && err == nil {
			err = fmt.Errorf("watch a viewer: %w", failed)
		}
	}
	go c.read()
	if err != nil {
		c.leave()
		return nil, err
	}
	return c, nil
}

// connect makes a viewer of one video. Its connection leaves the runtime, which
// would otherwise wake a thread for each event, just to find nobody waiting.
func connect(ctx context.Context, url, video string) (*viewer, error) {
	client, err := sockettest.Connect(ctx, sockettest.Options{URL: url, ReadBuffer: 1024})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if err := client.Emit("register_room", map[string]any{"rooms": []string{video}}); err != nil {
		return nil, err
	}
	raw, err := client.Conn.NetConn().(*net.TCPConn).SyscallConn()
	if err != nil {
		return nil, err
	}
	v := &viewer{}
	failed := raw.Control(func(fd uintptr) { v.fd, err = syscall.Dup(int(fd)) }) // what is closed is not the connection
	return v, errors.Join(failed, err)
}

// read reads whoever has something to read, until the crowd leaves.
func (c *crowd) read() {
	defer close(c.done)
	const atOnce = 512
	events, buffer := make([]syscall.EpollEvent, atOnce), make([]byte, 64<<10)
	for !c.leaving.Load() {
		n, err := syscall.EpollWait(c.poll, events, 0)
		if err != nil && err != syscall.EINTR {
			fmt.Fprintln(os.Stderr, "wait for events:", err)
			return
		}
		for _, e := range events[:max(n, 0)] {
			v := c.viewers[e.Fd]
			if !v.read(buffer, c.event) {
				c.dropped.Add(1)
				_ = syscall.EpollCtl(c.poll, syscall.EPOLL_CTL_DEL, int(e.Fd), nil) // it was added
			}
		}
		if n < atOnce {
			time.Sleep(glance)
		}
	}
}

// event takes in that a viewer knows of a video's first likes, up to a total.
func (c *crowd) event(v *viewer, total int) {
	now := time.Now()
	if t := c.measuring.Load(); t != nil {
		t.events++
		for n := v.seen; n < total; n++ {
			if since, measured := c.ledger.since(now, v.video, n); measured {
				t.latencies = append(t.latencies, since)
			}
		}
	}
	v.seen = max(v.seen, total)
}

// leave closes the connections; it may be called twice.
func (c *crowd) leave() {
	if c.leaving.Swap(true) {
		return
	}
	<-c.done
	for _, v := range c.viewers {
		syscall.Close(v.fd)
	}
	syscall.Close(c.poll)
}
