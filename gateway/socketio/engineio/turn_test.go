package engineio_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/socketio/engineio"
)

// sleeper is an application that takes its time with each message.
type sleeper struct {
	inside atomic.Int32
	met    atomic.Bool // two of its methods ran at once
	closed chan engineio.Reason
}

func (s *sleeper) Receive(bool, []byte) error {
	s.enter()
	defer s.inside.Add(-1)
	time.Sleep(time.Hour)
	return nil
}

func (s *sleeper) Closed(r engineio.Reason) {
	s.enter()
	defer s.inside.Add(-1)
	s.closed <- r
}

func (s *sleeper) enter() {
	if s.inside.Add(1) > 1 {
		s.met.Store(true)
	}
}

// A session ends while its application sleeps: the end waits for it, and the
// clock, which is to wake the sleeper, goes on.
func TestEndWaitsForTheApplication(t *testing.T) {
	app := new(sleeper)
	cfg := engineio.Config{Open: func(s *engineio.Session) engineio.Receiver {
		s.Establish(true)
		return app
	}}
	inWorld(t, cfg, func(w *world) {
		app.closed = make(chan engineio.Reason, 1)
		c, _ := w.open()
		w.send(c, "4hello")
		synctest.Wait()
		began := time.Now()
		if code := w.closed(c); code != 1008 { // no pong comes
			t.Errorf("got close code %d, want 1008", code)
		}
		if got := <-app.closed; got != engineio.PingTimeout {
			t.Errorf("Closed was told %q, want %q", got, engineio.PingTimeout)
		}
		if took := time.Since(began); took != time.Hour || app.met.Load() {
			t.Errorf("Closed was called after %v, and met Receive: %t; want it behind it, after %v", took, app.met.Load(), time.Hour)
		}
	})
}
