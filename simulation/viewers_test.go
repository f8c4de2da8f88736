package simulation_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"distributed-counter/gateway/socketio/sockettest"
)

// viewer is somebody who watches videos through gateways: any that runs, as a
// balancer has it. It writes down what it hears.
type viewer struct {
	w      *world
	name   string
	rng    chance
	wander bool // changes its rooms, pauses and goes now and then

	mu     sync.Mutex // guards visits, and what is in them
	visits []*visit
}

// visit is one connection of a viewer.
type visit struct {
	life   *gateLife
	client *sockettest.Client

	writing sync.Mutex // one write at a time
	// The rest is guarded by viewer.mu.
	rooms  []stay
	heard  []heard
	pauses []trouble // while the viewer does not read
	ended  time.Time // zero while it lasts
}

// stay is a time in a room.
type stay struct {
	video    string
	from, to time.Time // to is zero while it lasts
}

// heard is an event that came.
type heard struct {
	at   time.Time
	text string // the packet, without its type
}

// admit lets n viewers come, until the world ends.
func (w *world) admit(n int, wander bool) {
	ctx, stop := context.WithCancel(context.Background())
	w.sendHome = stop
	for i := range n {
		v := &viewer{w: w, name: fmt.Sprintf("viewer %d", i+1), rng: w.rand("viewer", i), wander: wander}
		w.viewers = append(w.viewers, v)
	}
	for _, v := range w.viewers {
		w.watching.Go(func() { v.watch(ctx) })
	}
}

// watch connects again and again.
func (v *viewer) watch(ctx context.Context) {
	for ctx.Err() == nil {
		var lives []*gateLife
		for _, g := range v.w.gates {
			if l := g.life(); l != nil {
				lives = append(lives, l)
			}
		}
		if len(lives) > 0 {
			v.visit(ctx, pick(v.rng, lives))
		}
		sleep(ctx, 100*time.Millisecond+v.rng.N(400*time.Millisecond))
	}
}

// visit is a connection from its begin to its end.
func (v *viewer) visit(ctx context.Context, l *gateLife) {
	connecting, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := sockettest.Connect(connecting, sockettest.Options{URL: "ws://gateway/socket.io/", Dial: l.viewer.DialContext})
	if err != nil {
		return // it is going, or gone
	}
	defer c.Close()
	one := &visit{life: l, client: c}
	v.mu.Lock()
	v.visits = append(v.visits, one)
	v.mu.Unlock()
	v.w.tally.add("visits to gateways")
	gone, leave := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, func() { c.Close() })()
	var behaving sync.WaitGroup
	behaving.Go(func() { v.behave(gone, one) })
	v.listen(one)
	leave()
	behaving.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	one.ended = time.Now()
}

// behave registers rooms, and wanders.
func (v *viewer) behave(ctx context.Context, one *visit) {
	v.register(one)
	for v.wander && sleep(ctx, v.rng.around(8*time.Second)) {
		switch v.rng.IntN(6) {
		case 0:
			one.client.Close() // without a word
		case 1:
			v.pause(one, v.rng.N(3*time.Second))
		default:
			v.register(one)
		}
	}
}

// register makes some videos the viewer's rooms.
func (v *viewer) register(one *visit) {
	wanted := make(map[string]bool)
	list := []string{}
	for _, video := range v.w.crowd.videos() {
		if !v.wander || v.rng.oneIn(2) {
			wanted[video] = true
			list = append(list, video)
		}
	}
	now := time.Now()
	v.mu.Lock()
	for i := range one.rooms {
		if s := &one.rooms[i]; s.to.IsZero() && !wanted[s.video] {
			s.to = now
		} else if s.to.IsZero() {
			delete(wanted, s.video)
		}
	}
	for _, video := range list {
		if wanted[video] {
			one.rooms = append(one.rooms, stay{video: video, from: now})
		}
	}
	v.mu.Unlock()
	one.writing.Lock()
	defer one.writing.Unlock()
	_ = one.client.Emit("register_room", map[string]any{"rooms": list}) // a connection that has ended is noticed by its reader
}

// pause lets the viewer read nothing for a while.
func (v *viewer) pause(one *visit, d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	one.pauses = append(one.pauses, trouble{time.Now(), time.Now().Add(d)})
}

// listen reads until the connection ends.
func (v *viewer) listen(one *visit) {
	for {
		v.mu.Lock()
		rest := time.Duration(0)
		if n := len(one.pauses); n > 0 {
			rest = time.Until(one.pauses[n-1].to)
		}
		v.mu.Unlock()
		time.Sleep(rest)
		text, err := one.client.ReadText()
		if err != nil {
			return // and who writes need not notice
		}
		if text == "2" {
			one.writing.Lock()
			_ = one.client.SendText("3") // its failure is the next read's
			one.writing.Unlock()
		}
		event, is := strings.CutPrefix(text, "42")
		if !is {
			continue
		}
		told := []string{event}
		if v.w.spoilView != nil {
			told = v.w.spoilView(v, event)
		}
		v.mu.Lock()
		for _, t := range told {
			one.heard = append(one.heard, heard{time.Now(), t})
		}
		v.mu.Unlock()
	}
}
