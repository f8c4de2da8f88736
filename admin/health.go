package admin

import (
	"slices"
	"strings"
	"sync"
)

// Health is the state of a process: that of its checks. The zero value is a
// process without checks, which is live and ready. It is safe for concurrent
// use.
type Health struct {
	mu     sync.Mutex // guards checks and what they say
	checks []*Check
}

// Check is how one part of a process is. It is safe for concurrent use; a nil
// Check takes everything and says nothing, so that a part runs without one.
type Check struct {
	health *Health
	name   string
	state  state
	reason string
}

type state string

const (
	ready    state = "ready"
	notReady state = "not ready"
	dead     state = "dead"
)

// Check adds a check, not ready with the reason "starting". The name is for
// people, such as "partition 2"; two checks may have the same.
func (h *Health) Check(name string) *Check {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &Check{health: h, name: name, state: notReady, reason: "starting"}
	h.checks = append(h.checks, c)
	return c
}

// Ready says that the part does its work.
func (c *Check) Ready() { c.set(ready, "") }

// NotReady says that the part does not do its work now and means to. The
// reason is a line for people.
func (c *Check) NotReady(reason string) { c.set(notReady, reason) }

// Dead says that only a restart can help. It makes the process neither live
// nor ready.
func (c *Check) Dead(reason string) { c.set(dead, reason) }

// Remove takes the check away: its part has ended as it should.
func (c *Check) Remove() {
	if c == nil {
		return
	}
	c.health.mu.Lock()
	defer c.health.mu.Unlock()
	c.health.checks = slices.DeleteFunc(c.health.checks, func(other *Check) bool { return other == c })
}

func (c *Check) set(s state, reason string) {
	if c == nil {
		return
	}
	c.health.mu.Lock()
	defer c.health.mu.Unlock()
	c.state, c.reason = s, reason
}

// Report is the state of a process at one moment.
type Report struct {
	Live, Ready bool
	Checks      []CheckReport // by name
}

// CheckReport is the state of one check.
type CheckReport struct {
	Name   string `json:"name"`
	State  string `json:"state"`            // "ready", "not ready" or "dead"
	Reason string `json:"reason,omitempty"` // where it is not ready
}

// Report says how the process is.
func (h *Health) Report() Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := Report{Live: true, Ready: true, Checks: make([]CheckReport, 0, len(h.checks))}
	for _, c := range h.checks {
		r.Live = r.Live && c.state != dead
		r.Ready = r.Ready && c.state == ready
		r.Checks = append(r.Checks, CheckReport{Name: c.name, State: string(c.state), Reason: c.reason})
	}
	slices.SortStableFunc(r.Checks, func(a, b CheckReport) int { return strings.Compare(a.Name, b.Name) })
	return r
}
