package setup

import (
	"sync"

	"distributed-counter/admin"
)

// health tells an admin.Health what the pipeline tells it, a check per part.
type health struct {
	process *admin.Health

	mu     sync.Mutex // guards checks
	checks map[string]*admin.Check
}

// newHealth knows of Kafka from the beginning: until the pipeline has said
// anything, the process is starting, and not ready for want of parts.
func newHealth(process *admin.Health) *health {
	h := &health{process: process}
	h.check("kafka")
	return h
}

// Set is part of pipeline.Health.
func (h *health) Set(part string, err error) {
	check := h.check(part)
	if err != nil {
		check.NotReady(err.Error())
		return
	}
	check.Ready()
}

func (h *health) check(part string) *admin.Check {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checks == nil {
		h.checks = make(map[string]*admin.Check)
	}
	if h.checks[part] == nil {
		h.checks[part] = h.process.Check(part)
	}
	return h.checks[part]
}
