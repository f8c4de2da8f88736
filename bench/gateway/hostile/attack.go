package hostile

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Deeds is what the clients of a kind have done, and what was done to them.
type Deeds struct {
	Kind    string `json:"kind"`
	Reason  string `json:"reason"`  // what the gateway counts those it drops as
	Clients int    `json:"clients"` // at a time, at most

	Connected int         `json:"connected"`
	Refused   map[int]int `json:"refused"` // by status
	Failed    int         `json:"failed"`  // neither connected nor refused
	Pieces    int         `json:"pieces"`  // that were sent after the hello
	Dropped   int         `json:"dropped"` // by the gateway
	Left      int         `json:"left"`    // by themselves, at the end too
}

// Gather is how long it takes until all are there.
const Gather = 7 * time.Second

// Attack attacks the gateway at an address of the loopback network until ctx
// ends. room names videos, the busiest first. The error says what of the system
// failed; what fails at the gateway is a deed.
func Attack(ctx context.Context, to string, room func(i int) string) ([]Deeds, error) {
	all := kinds(room)
	deeds, failed := make([]Deeds, len(all)), make([]error, len(all))
	var attacking sync.WaitGroup
	for i := range all {
		attacking.Go(func() {
			deeds[i], failed[i] = all[i].attack(ctx, to)
		})
	}
	attacking.Wait()
	return deeds, errors.Join(failed...)
}

// tick is the time between two looks at the sockets of a kind.
const tick = 50 * time.Millisecond

// crowd is the clients of one kind.
type crowd struct {
	*kind
	to      string
	poll    int // an epoll instance that knows who has been dropped
	sockets map[int32]*socket
	deeds   Deeds
	buffer  []byte
}

// attack keeps up the numbers and rates of a kind.
func (k *kind) attack(ctx context.Context, to string) (Deeds, error) {
	c := &crowd{kind: k, to: to, sockets: make(map[int32]*socket), buffer: make([]byte, 16<<10),
		deeds: Deeds{Kind: k.name, Reason: k.reason, Clients: k.clients, Refused: make(map[int]int)}}
	var err error
	if c.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return c.deeds, fmt.Errorf("make an epoll instance: %w", err)
	}
	defer unix.Close(c.poll)
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for owed := 0.0; ctx.Err() == nil; {
		if err := c.lookAfter(); err != nil {
			return c.deeds, err
		}
		owed = min(owed+float64(k.connects)*tick.Seconds(), max(1, float64(k.connects)*tick.Seconds()))
		for ; owed >= 1 && len(c.sockets) < k.clients && ctx.Err() == nil; owed-- {
			if err := c.connect(ctx); err != nil {
				return c.deeds, err
			}
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
		}
	}
	if err := c.lookAfter(); err != nil {
		return c.deeds, err
	}
	for fd := range c.sockets {
		c.end(fd, &c.deeds.Left)
	}
	return c.deeds, nil
}

// connect brings one more.
func (c *crowd) connect(ctx context.Context) error {
	s, err := c.kind.connect(ctx, c.to, c.deeds.Connected)
	var no refusal
	switch {
	case errors.As(err, &no):
		c.deeds.Refused[int(no)]++
		return nil
	case err != nil && ctx.Err() == nil:
		c.deeds.Failed++
		return nil
	case err != nil:
		return nil
	}
	c.deeds.Connected++
	c.sockets[int32(s.fd)] = s
	// That something can be read or written is not asked for: it would wake us.
	event := unix.EpollEvent{Events: unix.EPOLLRDHUP, Fd: int32(s.fd)}
	if err := unix.EpollCtl(c.poll, unix.EPOLL_CTL_ADD, s.fd, &event); err != nil {
		return fmt.Errorf("watch a socket: %w", err)
	}
	return nil
}

// lookAfter finds out who has been dropped, and has the others do what they do.
func (c *crowd) lookAfter() error {
	events := make([]unix.EpollEvent, 256)
	for n := len(events); n == len(events); {
		var err error
		if n, err = unix.EpollWait(c.poll, events, 0); err != nil && err != unix.EINTR {
			return fmt.Errorf("wait for events: %w", err)
		}
		for _, e := range events[:max(n, 0)] {
			c.end(e.Fd, &c.deeds.Dropped)
		}
	}
	now := time.Now()
	for fd, s := range c.sockets {
		if c.drains {
			s.drain(c.buffer)
		}
		if c.pieces > 0 && !now.Before(s.due) && s.push(c.piece, now.Add(time.Second/time.Duration(c.pieces)-tick/2)) {
			c.deeds.Pieces++
		}
		if c.stays > 0 && now.Sub(s.began) >= c.stays {
			c.end(fd, &c.deeds.Left)
		}
	}
	return nil
}

func (c *crowd) end(fd int32, why *int) {
	*why++
	unix.Close(int(fd)) // which takes it out of the poll
	delete(c.sockets, fd)
}
