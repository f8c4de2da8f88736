package simulation_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// upToDate is how long a gateway may take from a record's being there for
// readers of committed ones to a viewer's having it, or a newer one: I7.
const upToDate = 2 * time.Second

// recall is how far back a gateway knows final counts when it starts, and eachOf
// how long after its end a window's is told for itself, both in panes.
const (
	recall = 30
	eachOf = 10
)

// line is what viewers of a video may be told of one kind of count, in order.
type line struct {
	values  []spoken
	offsets map[string][]int // in values, by what was said
}

type spoken struct {
	what    string
	visible time.Time // since when read_committed readers can have it
	written time.Time // its timestamp
	end     time.Time // of a final count's window
}

type lineName struct{ event, video string }

// lines reads the topics of counts as a gateway does.
func (c *court) lines() map[lineName]*line {
	all := make(map[lineName]*line)
	topics := append([]string{c.w.topics.Live}, c.w.topics.Aggregations[:]...)
	events := []string{"live_counts", "live_aggregations_1", "live_aggregations_5", "live_aggregations_10"}
	for i, topic := range topics {
		for _, p := range c.sight.partitions(topic) {
			var visible time.Time
			for _, r := range c.sight.parts[place{topic, p}] {
				if r.outcome == undecided {
					break
				}
				if r.settled.After(visible) {
					visible = r.settled // who waits for an earlier one waits with it
				}
				if r.outcome != committed {
					continue
				}
				name := lineName{events[i], string(r.Key)}
				l := all[name]
				if l == nil {
					l = &line{offsets: make(map[string][]int)}
					all[name] = l
				}
				value := spoken{what: string(r.Value), visible: visible, written: r.Timestamp}
				if i > 0 {
					value.what, value.end = finalWords(r.Value)
				}
				l.offsets[value.what] = append(l.offsets[value.what], len(l.values))
				l.values = append(l.values, value)
			}
		}
	}
	return all
}

// finalWords is what matters of a final count, as a record or as an event, and
// when its window ended.
func finalWords(b []byte) (string, time.Time) {
	var f struct {
		finalRecord
		ID string `json:"id"`
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return err.Error(), time.Time{}
	}
	return fmt.Sprint(f.Type, " ", f.Video+f.ID, " ", f.Count, f.Start, f.End, f.Late, f.Total), f.End
}

// views is I7: what a viewer is told is what the topics say, in their order, of
// the videos that it asked for; and its last value is the topic's soon.
func (c *court) views() {
	lines := c.lines()
	for _, g := range c.w.gates {
		l := g.life()
		l.mu.Lock()
		if l.ready.IsZero() {
			c.fault("I7: %s is not ready in the end", g.name)
		}
		l.mu.Unlock()
	}
	for _, v := range c.w.viewers {
		v.mu.Lock()
		for i, one := range v.visits {
			who := fmt.Sprintf("%s, visit %d, to %s", v.name, i+1, one.life.g.name)
			r := reading{c: c, who: who, one: one, lines: lines, last: make(map[lineName][]hearing), bad: one.troubles()}
			r.order()
			r.complete()
			c.w.tally.addN("events of viewers", len(one.heard))
		}
		v.mu.Unlock()
	}
}

// reading is what one visit heard, held against the lines.
type reading struct {
	c     *court
	who   string
	one   *visit
	lines map[lineName]*line
	last  map[lineName][]hearing // in the order of time, and so of places
	bad   []trouble              // the gateway's and the viewer's, in order
}

// hearing is at which place of a line the viewer was since an instant.
type hearing struct {
	at    time.Time
	place int
}

// order reads what was heard: each must have been said, of a video that was
// asked for, and none after a newer one.
func (r *reading) order() {
	for _, h := range r.one.heard {
		name, what := parseHeard(h.text)
		if !r.asked(name.video, h.at) {
			r.c.fault("I7: %s was told of %q, which it does not watch: %s", r.who, name.video, h.text)
			continue
		}
		l, last := r.lines[name], -1
		if before := r.last[name]; len(before) > 0 {
			last = before[len(before)-1].place
		}
		if l == nil || len(l.offsets[what]) == 0 {
			r.c.fault("I7: %s was told what no committed record says: %s", r.who, h.text)
			continue
		}
		places := l.offsets[what]
		i := slices.IndexFunc(places, func(p int) bool { return p >= last })
		if i < 0 {
			r.c.fault("I7: %s was told what had been told before, after something newer: %s", r.who, h.text)
			continue
		}
		r.last[name] = append(r.last[name], hearing{h.at, places[i]})
	}
}

func parseHeard(text string) (name lineName, what string) {
	var e []json.RawMessage
	var payload struct {
		ID    string `json:"id"`
		Video string `json:"video_uid"`
	}
	if json.Unmarshal([]byte(text), &e) != nil || len(e) != 2 || json.Unmarshal(e[0], &name.event) != nil || json.Unmarshal(e[1], &payload) != nil {
		return name, text
	}
	name.video = payload.Video + payload.ID
	if name.event == "live_counts" {
		return name, string(e[1])
	}
	what, _ = finalWords(e[1])
	return name, what
}

// asked says whether the viewer is in a room, or has left it a moment ago.
func (r *reading) asked(video string, at time.Time) bool {
	return slices.ContainsFunc(r.one.rooms, func(s stay) bool {
		return s.video == video && (s.to.IsZero() || !at.After(r.patient(s.to)))
	})
}

// complete holds that the viewer had each value, or a newer one, in time; and
// each final count of a recent window that came while it was there.
func (r *reading) complete() {
	r.one.life.mu.Lock()
	ready := r.one.life.ready
	r.one.life.mu.Unlock()
	if ready.IsZero() {
		return // the gateway never knew anything
	}
	for _, s := range r.one.rooms {
		for _, event := range []string{"live_counts", "live_aggregations_1", "live_aggregations_5", "live_aggregations_10"} {
			name := lineName{event, s.video}
			if l := r.lines[name]; l != nil {
				r.follow(s, name, l, ready)
			}
		}
	}
}

func (r *reading) follow(s stay, name lineName, l *line, ready time.Time) {
	heard := r.last[name]
	told := s.from // of what was known before, soon after
	if ready.After(told) {
		told = ready
	}
	there := r.patient(told)
	for i, value := range l.values {
		if name.event != "live_counts" && value.written.Before(r.one.life.began.Add(-recall*r.c.w.plan.pane)) {
			continue
		}
		due := value.visible
		if told.After(due) {
			due = told
		}
		due = r.patient(due)
		if over := r.over(s); !over.IsZero() && !due.Before(over) || due.After(r.c.now) {
			continue
		}
		for len(heard) > 0 && heard[0].place < i {
			heard = heard[1:]
		}
		if len(heard) == 0 || heard[0].at.After(due) {
			r.c.fault("I7: %s was not told %s of %q until %v after the start, %v after it could be read: %s",
				r.who, name.event, name.video, due.Sub(r.c.w.began), due.Sub(value.visible), value.what)
			return
		}
		r.c.w.tally.add("values that viewers had in time")
		if !value.visible.After(there) || due.After(value.end.Add(eachOf*r.c.w.plan.pane)) {
			continue // running counts among them: they have no end
		}
		if heard[0].place != i {
			r.c.fault("I7: %s was never told %s of %q, but a newer one: %s", r.who, name.event, name.video, value.what)
			return
		}
		r.c.w.tally.add("windows that viewers had each")
	}
}

// over is when the viewer had left the room, or everything; zero for not yet.
func (r *reading) over(s stay) time.Time {
	if s.to.IsZero() || !r.one.ended.IsZero() && r.one.ended.Before(s.to) {
		return r.one.ended
	}
	return s.to
}

// patient is when what is due at an instant has to have come: two seconds
// later, and two seconds after the end of each trouble that begins until then.
func (r *reading) patient(due time.Time) time.Time {
	until := due.Add(upToDate)
	for _, t := range r.bad {
		if !t.from.After(until) && t.to.Add(upToDate).After(until) {
			until = t.to.Add(upToDate)
		}
	}
	return until
}

// troubles are those of the gateway and of the viewer, in order. The caller
// holds the viewer's mu.
func (one *visit) troubles() []trouble {
	one.life.mu.Lock()
	defer one.life.mu.Unlock()
	all := slices.Concat(one.life.troubles, one.pauses)
	slices.SortFunc(all, func(a, b trouble) int { return a.from.Compare(b.from) })
	return all
}
