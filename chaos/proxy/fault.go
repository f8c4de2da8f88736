package proxy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What a fault does to the end of a transaction.
const (
	// LoseRequest loses the commit, and each further attempt, until somebody
	// fences the transactional id: the transaction is never committed, and its
	// owner cannot know.
	LoseRequest = iota
	// LoseAnswer does the same to the answers: it is committed, and its owner
	// cannot know.
	LoseAnswer
	// Hold keeps the commit on its way, until Release.
	Hold
)

// Fault is what is to happen to the next transaction that fits. Ask for it by
// [Proxy.Inflict].
type Fault struct {
	Kind   int
	ID     string // what the transactional id contains
	Client string // what the client id contains
	Finals bool   // only a transaction that carries final counts
	After  int    // how many that fit are left alone before

	struck   chan struct{}
	released chan struct{}
	ended    chan struct{}
	id       string // the transactional id that it struck
}

// Struck is closed when a transaction fits.
func (f *Fault) Struck() <-chan struct{} { return f.struck }

// Ended is closed when the transactional id was fenced after that; for one that
// was held, when it was answered, too.
func (f *Fault) Ended() <-chan struct{} { return f.ended }

// Hit is the transactional id that was struck, once one was.
func (f *Fault) Hit() string {
	<-f.struck
	return f.id
}

// Release lets go what is held. It is called once.
func (f *Fault) Release() { close(f.released) }

// Inflict waits for a transaction to strike. Remove takes it back.
func (p *Proxy) Inflict(f Fault) *Fault {
	f.struck, f.released, f.ended = make(chan struct{}), make(chan struct{}), make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
	return &f
}

// Remove takes a fault back that has not struck. It is no error if it has.
func (p *Proxy) Remove(f *Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = slices.DeleteFunc(p.faults, func(g *Fault) bool { return f == g })
}

// owner is who may write under a transactional id.
type owner struct {
	client string
	now    writer // as of the fence; its epoch grows with each transaction
	past   map[int64]bool
	since  time.Time
	fences int
	finals bool   // the transaction under way carries final counts
	fault  *Fault // that has struck and lasts
}

// Fence is who was given a transactional id last, and when.
type Fence struct {
	Client string
	At     time.Time
	Count  int // so far
}

// Fence is about the owner of a transactional id; zero when it never had one.
// An id that begins with this one and a slash is taken for the same: a program
// that does not fence has one for each of its owners.
func (p *Proxy) Fence(id string) Fence {
	p.mu.Lock()
	defer p.mu.Unlock()
	var f Fence
	for known, o := range p.owners {
		if known != id && !strings.HasPrefix(known, id+"/") {
			continue
		}
		f.Count += o.fences
		if o.since.After(f.At) {
			f.Client, f.At = o.client, o.since
		}
	}
	return f
}

// Late is about all late requests so far.
func (p *Proxy) Late() Late {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Late{p.late.Sent, slices.Clone(p.late.Accepted)}
}

// request looks at a request before it is forwarded; false loses it, and the
// connection with it. It may wait, for a fault that holds it.
func (p *Proxy) request(ctx context.Context, r *request) bool {
	if r.id == "" || r.key == initID {
		return true
	}
	f := p.strike(r)
	if f == nil {
		return true
	}
	switch f.Kind {
	case LoseRequest:
		return false
	case LoseAnswer:
		r.fault = f
	case Hold:
		r.fault = f
		select {
		case <-f.released:
		case <-ctx.Done():
			return false
		}
		p.mu.Lock()
		r.late = p.isLate(r)
		p.mu.Unlock()
	}
	return true
}

// strike finds the fault that a request is to suffer, if any.
func (p *Proxy) strike(r *request) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.owners[r.id]
	if o == nil {
		return nil // its owner began before the proxy did
	}
	r.late = p.isLate(r)
	if r.key == produce {
		o.finals = o.finals || r.final && !r.late
		return nil
	}
	finals := o.finals
	if !r.late {
		o.finals = false
	}
	if !r.commit || r.late {
		return nil
	}
	if o.fault != nil {
		return o.fault
	}
	for i, f := range p.faults {
		if strings.Contains(r.id, f.ID) && strings.Contains(r.client, f.Client) && (finals || !f.Finals) {
			if f.After > 0 {
				f.After--
				continue
			}
			p.faults = slices.Delete(p.faults, i, i+1)
			f.id = r.id
			if f.Kind != Hold {
				o.fault = f
			}
			close(f.struck)
			return f
		}
	}
	return nil
}

// isLate says whether a write's owner was fenced before it was sent. The
// proxy's lock is held.
func (p *Proxy) isLate(r *request) bool {
	o := p.owners[r.id]
	return o != nil && (o.past[r.writer.id] || r.writer.id == o.now.id && r.writer.epoch < o.now.epoch)
}

// answer looks at an answer before it is forwarded; false loses it, and the
// connection with it.
func (p *Proxy) answer(r *request, frame []byte) bool {
	msg := parseAnswer(r, frame)
	if msg == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.late {
		p.late.Sent++
		if accepted(msg) {
			p.late.Accepted = append(p.late.Accepted, fmt.Sprintf("request %d by %s as %s, producer %d epoch %d", r.key, r.client, r.id, r.writer.id, r.writer.epoch))
		}
	}
	if m, ok := msg.(*kmsg.InitProducerIDResponse); ok && m.ErrorCode == 0 {
		p.fenced(r, writer{m.ProducerID, m.ProducerEpoch})
	}
	if r.fault != nil && r.fault.Kind == Hold {
		close(r.fault.ended)
	}
	return r.fault == nil || r.fault.Kind != LoseAnswer
}

// fenced notes a new owner. The proxy's lock is held.
func (p *Proxy) fenced(r *request, now writer) {
	o := p.owners[r.id]
	if o == nil {
		o = &owner{past: make(map[int64]bool)}
		p.owners[r.id] = o
	} else if o.now.id != now.id {
		o.past[o.now.id] = true
	}
	o.client, o.now, o.since, o.finals = r.client, now, time.Now(), false
	o.fences++
	if o.fault != nil {
		close(o.fault.ended)
		o.fault = nil
	}
}
