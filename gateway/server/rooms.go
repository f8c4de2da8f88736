package server

import (
	"encoding/json"
	"fmt"

	"distributed-counter/gateway/feed"
	"distributed-counter/gateway/socketio"
	"distributed-counter/gateway/socketio/engineio"
	"distributed-counter/likes"
)

// liveEvent carries running counts and the total: the value of a record of the
// running-counts topic.
const liveEvent = "live_counts"

// rooms is what happens between clients and counts: a room per video. It is the
// Handler of the Socket.IO server and the Audience of the feed.
//
// No client ends up with an older value than the topic has. It enters its rooms
// first and is then told what is known, video by video, while the feed tells
// nobody of that video: a change is in what it is told, or comes after, or both.
type rooms struct {
	cfg  Config
	feed *feed.Feed
	all  *socketio.Namespace
	turn chan struct{} // held by whoever tells a client what is known
	told *counts

	stopping <-chan struct{} // closed when the gateway is to end
}

func newRooms(cfg Config) *rooms {
	return &rooms{cfg: cfg, turn: make(chan struct{}, turns()), told: newCounts()}
}

// Connect is part of socketio.Handler: everybody is welcome, whatever they say.
func (r *rooms) Connect(s *socketio.Socket, _ json.RawMessage) error {
	s.Value = new(pace)
	return nil
}

// Disconnect is part of socketio.Handler. The rooms have been left already.
func (r *rooms) Disconnect(*socketio.Socket, engineio.Reason) {}

// Event is part of socketio.Handler. Who sends much waits here; nobody else
// waits with them.
func (r *rooms) Event(s *socketio.Socket, e socketio.Event) {
	p := s.Value.(*pace)
	for _, arg := range e.Args {
		p.spend(costOfByte*int64(len(arg)), r.stopping)
	}
	switch e.Name {
	case "register_room":
		r.told.events.WithLabelValues("register_room").Inc()
		list, err := r.parse(e.Args)
		if err != nil {
			r.refuse(s, e, err)
			return
		}
		p.spend(costOfRoom*int64(len(list)), r.stopping)
		r.register(s, list)
		reply(e, map[string]any{"rooms": len(list)})
	case "consume_1_min_aggregations", "consume_5_min_aggregations", "consume_10_min_aggregations":
		// The original's clients ask for each kind; everybody gets all of them.
		r.told.events.WithLabelValues("consume").Inc()
		reply(e, map[string]any{})
	default:
		r.told.events.WithLabelValues("other").Inc()
	}
}

func reply(e socketio.Event, answer map[string]any) {
	if err := e.Ack(answer); err != nil {
		panic("server: acknowledgement: " + err.Error()) // numbers and texts can be encoded
	}
}

// refuse says what was wrong: as acknowledgement where one is wanted, as an
// event otherwise.
func (r *rooms) refuse(s *socketio.Socket, e socketio.Event, why error) {
	r.told.malformed.Inc()
	answer := map[string]any{"event": e.Name, "error": why.Error(), "message": e.Name + ": " + why.Error()}
	if e.WantsAck() {
		reply(e, answer)
		return
	}
	if err := s.Emit("error_message", answer); err != nil {
		panic("server: error_message: " + err.Error())
	}
}

// parse reads the argument of register_room, {"rooms":["<id>",…]}.
func (r *rooms) parse(args []json.RawMessage) ([]string, error) {
	const form = `expected {"rooms":["<video id>",…]}`
	if len(args) == 0 {
		return nil, fmt.Errorf("no payload: %s", form)
	}
	var payload struct {
		Rooms *[]*string `json:"rooms"`
	}
	if err := json.Unmarshal(args[0], &payload); err != nil || payload.Rooms == nil {
		return nil, fmt.Errorf("the payload has no list of texts under rooms: %s", form)
	}
	if n := len(*payload.Rooms); n > r.cfg.MaxRooms {
		return nil, fmt.Errorf("%d rooms: at most %d", n, r.cfg.MaxRooms)
	}
	list := make([]string, 0, len(*payload.Rooms))
	for i, id := range *payload.Rooms {
		if id == nil {
			return nil, fmt.Errorf("room %d is null: %s", i, form)
		}
		if err := likes.CheckVideoID([]byte(*id)); err != nil {
			return nil, fmt.Errorf("room %d: %w", i, err)
		}
		list = append(list, *id)
	}
	return list, nil
}

// register puts a client into exactly these rooms and tells it what is known.
func (r *rooms) register(s *socketio.Socket, list []string) {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	s.SetRooms(list)
	for _, room := range list {
		r.feed.View(likes.VideoID(room), func(v feed.Video) {
			for _, m := range r.snapshot(v) {
				s.Send(m)
			}
		})
	}
}

// CaughtUp is part of feed.Audience: who registered before there was anything
// to tell is told now.
func (r *rooms) CaughtUp() {
	for _, room := range r.all.Rooms() {
		r.feed.View(likes.VideoID(room), func(v feed.Video) {
			for _, m := range r.snapshot(v) {
				r.all.Send(room, m)
			}
		})
	}
}

// Running is part of feed.Audience.
func (r *rooms) Running(l likes.Live) {
	if room := string(l.Video); r.all.Size(room) > 0 {
		r.told.sent.Add(float64(r.all.Send(room, r.running(l))))
	}
}

// Final is part of feed.Audience.
func (r *rooms) Final(window int, f likes.Final) {
	if room := string(f.Video); r.all.Size(room) > 0 {
		r.told.sent.Add(float64(r.all.Send(room, r.final(window, f))))
	}
}
