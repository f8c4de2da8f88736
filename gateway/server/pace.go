package server

import "time"

// What a client's events cost it, in time that it waits once its credit is
// used up. Reading and telling takes the gateway about a hundredth of that.
const (
	costOfRoom = int64(5 * time.Millisecond)
	costOfByte = int64(2 * time.Microsecond)
	credit     = 5 * time.Second
)

// pace makes a client that asks for much wait, by not reading from it. Who
// registers 200 rooms now and then never notices.
type pace struct {
	paid time.Time // all cost until now is paid for by then
}

// spend waits until the client may cause this much more, or the gateway stops.
func (p *pace) spend(nanoseconds int64, stopping <-chan struct{}) {
	now := time.Now()
	if p.paid.Before(now) {
		p.paid = now
	}
	p.paid = p.paid.Add(time.Duration(nanoseconds))
	ahead := p.paid.Sub(now)
	if ahead <= credit {
		return
	}
	timer := time.NewTimer(ahead - credit)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stopping:
	}
}
