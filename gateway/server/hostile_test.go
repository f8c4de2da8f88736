package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"distributed-counter/gateway/server"
	"distributed-counter/gateway/socketio/sockettest"
	"distributed-counter/likes"
)

// closedListener is a listener that nobody needs.
func closedListener(t *testing.T) net.Listener {
	t.Helper()
	l := sockettest.Listen()
	l.Close()
	return l
}

// "A malformed payload gets an error_message event (or the ack) that says what
// was wrong; the connection stays." The rooms stay, too.
func TestMalformedLists(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(func(c *server.Config) { c.MaxRooms = 3 })
		defer g.stop()
		v := g.connect()
		defer v.leave()
		v.register("cat")
		cases := []struct {
			name, args, says string
		}{
			{"nothing", ``, "no payload"},
			{"null", `,null`, "no list of texts"},
			{"a text", `,"cat"`, "no list of texts"},
			{"a list alone", `,["cat"]`, "no list of texts"},
			{"no rooms", `,{}`, "no list of texts"},
			{"rooms is null", `,{"rooms":null}`, "no list of texts"},
			{"rooms is a text", `,{"rooms":"cat"}`, "no list of texts"},
			{"a number among them", `,{"rooms":["cat",1]}`, "no list of texts"},
			{"null among them", `,{"rooms":["cat",null]}`, "room 1 is null"},
			{"an empty one", `,{"rooms":["cat",""]}`, "room 1: empty video id"},
			{"a long one", `,{"rooms":["` + strings.Repeat("x", 129) + `"]}`, "room 0: video id longer than 128 bytes"},
			{"a control character", `,{"rooms":["a\u0000"]}`, "room 0: control character"},
			{"too many", `,{"rooms":["a","b","c","d"]}`, "4 rooms: at most 3"},
		}
		for _, tc := range cases {
			if err := v.SendText(`42["register_room"` + tc.args + `]`); err != nil {
				t.Fatal(err)
			}
			events := v.got()
			if len(events) != 1 || events[0].Name != "error_message" {
				t.Errorf("%s: got %v, want one error_message", tc.name, events)
				continue
			}
			var e struct{ Event, Error, Message string }
			if err := json.Unmarshal(events[0].Args[0], &e); err != nil || e.Event != "register_room" ||
				!strings.Contains(e.Error, tc.says) || !strings.Contains(e.Message, e.Error) {
				t.Errorf("%s: got %s, want that %s", tc.name, events[0].Args[0], tc.says)
			}
		}
		v.expect(liveEvent(w.running("cat", 1, 1)))
		if got := g.metric("counter_gateway_malformed_total", ""); int(got) != len(cases) {
			t.Errorf("%v malformed payloads counted, want %d", got, len(cases))
		}
	})
}

// The acknowledgement is the answer where one is wanted.
func TestAcknowledgements(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		known := w.running("known", 1, 1)
		time.Sleep(time.Second)
		c, err := sockettest.Connect(context.Background(), g.options())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, tc := range []struct{ send, want string }{
			{`420["register_room",{"rooms":["cat","dog"]}]`, `430[{"rooms":2}]`},
			{`421["register_room",{"rooms":[""]}]`, `431[{"error":"room 0: empty video id","event":"register_room","message":"register_room: room 0: empty video id"}]`},
			{`422["consume_5_min_aggregations",{}]`, `432[{}]`},
			// What is known comes before the answer: who has it, is up to date.
			{`423["register_room",{"rooms":["known"]}]`, `42["live_counts",` + string(known.Append(nil)) + `]`},
			{``, `433[{"rooms":1}]`},
		} {
			if tc.send != "" {
				if err := c.SendText(tc.send); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := c.ReadText(); err != nil || got != tc.want {
				t.Errorf("%s: got %s and %v, want %s", tc.send, got, err, tc.want)
			}
		}
	})
}

// healthy is a client that must not notice the others: each change reaches it
// before anything else happens.
type healthy struct {
	*viewer
	n uint64
}

func (r *replica) healthy() *healthy {
	h := &healthy{viewer: r.connect()}
	h.register("healthy")
	time.Sleep(patience)
	return h
}

// unaffected publishes a change, and expects that it comes while fake time
// moves by less than this.
func (h *healthy) unaffected(what string) {
	h.w.Helper()
	const bound = 200 * time.Millisecond
	h.n++
	want := liveEvent(h.w.running("healthy", h.n, h.n))
	time.Sleep(bound)
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.events) != 1 || h.events[0].Name+" "+string(h.events[0].Args[0]) != want {
		h.w.Errorf("%s: after %v the healthy client has %v, want %s", what, bound, h.events, want)
	}
	h.events = nil
}

// flood sends lists of rooms for as long as it is let, and counts the answers by
// their event's name. It never answers a ping.
type flood struct {
	*sockettest.Client
	mu      sync.Mutex // guards answers
	answers map[string]int
	done    sync.WaitGroup
}

func (r *replica) flood(list []string, times int) *flood {
	r.w.Helper()
	c, err := sockettest.Connect(context.Background(), r.options())
	if err != nil {
		r.w.Fatal(err)
	}
	f := &flood{Client: c, answers: make(map[string]int)}
	f.done.Go(func() {
		for range times {
			if c.Emit("register_room", map[string]any{"rooms": list}) != nil {
				return
			}
		}
	})
	f.done.Go(func() {
		for {
			text, err := c.ReadText()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.answers[strings.SplitN(text+`""`, `"`, 3)[1]]++
			f.mu.Unlock()
		}
	})
	return f
}

func (f *flood) got(event string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answers[event]
}

func (f *flood) end() {
	f.Close()
	f.done.Wait()
}

// "10,000 rooms in one list"
func TestTenThousandRooms(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		h := g.healthy()
		defer h.leave()
		list := make([]string, 10_000)
		for i := range list {
			list[i] = fmt.Sprintf("93f98662-8907-4f43-bb4c-%012d", i)
		}
		many := g.flood(list, 20)
		for range 20 {
			h.unaffected("a list of 10,000 rooms")
		}
		time.Sleep(20 * time.Second)
		many.end()
		if got := many.got("error_message"); got != 20 {
			t.Errorf("%d lists of 10,000 rooms were refused, want 20", got)
		}
		if got := g.metric("counter_gateway_rooms", ""); got != 1 {
			t.Errorf("%v rooms, want the healthy client's alone", got)
		}
		list = list[:200]
		for _, id := range list {
			w.running(likes.VideoID(id), 1, 1)
		}
		again := g.flood(list, 1000) // as long as is allowed, for ever
		for range 50 {
			h.unaffected("200 rooms again and again")
		}
		again.end()
		if got := again.got("live_counts"); got < 200 || got > 20*200 {
			t.Errorf("%d counts were sent in ten seconds, want those of a few lists: the sender waits", got)
		}
	})
}

// "never-reading sockets": dropped with a reason, nobody waits for them.
func TestClientsThatNeverRead(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		h := g.healthy()
		defer h.leave()
		const deaf = 100
		for range deaf {
			c, err := sockettest.Connect(context.Background(), g.options())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Emit("register_room", map[string]any{"rooms": []string{"healthy", "other"}}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 100 {
			w.running("other", uint64(i), uint64(i))
			h.unaffected("sockets that never read")
		}
		time.Sleep(2 * time.Minute)
		if got := g.metric("counter_gateway_clients", ""); got != 1 {
			t.Errorf("%v clients are left, want the healthy one alone", got)
		}
		// Once one is cut, its reader may be the first to say why.
		slow, broken := g.metric("counter_gateway_clients_closed_total", "slow client"), g.metric("counter_gateway_clients_closed_total", "transport error")
		if slow < deaf/2 || slow+broken != deaf {
			t.Errorf("%v clients were dropped as slow and %v as broken, want %d together and most of them slow", slow, broken, deaf)
		}
		h.unaffected("after they were dropped")
	})
}

// "connect storms": more than may be are refused and counted.
func TestConnectStorm(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(func(c *server.Config) {
			c.MaxClients, c.MaxPerAddress, c.AddressHeader = 500, 100, "X-Forwarded-For"
		})
		defer g.stop()
		h := g.healthy()
		defer h.leave()
		admitted, refused := 0, map[int]int{}
		for address := range 10 {
			for range 200 {
				header := http.Header{"X-Forwarded-For": {"1.1.1.1", fmt.Sprintf("spoofed, 10.0.0.%d", address)}}
				d := websocket.Dialer{NetDialContext: g.net.DialContext}
				conn, resp, err := d.Dial("ws://gateway/socket.io/?EIO=4&transport=websocket", header)
				if err != nil {
					refused[resp.StatusCode]++
					continue
				}
				defer conn.Close()
				admitted++
			}
			h.unaffected("a connect storm")
		}
		if admitted != 499 || refused[429] != 400 || refused[503] != 2000-499-400 {
			t.Errorf("%d of 2000 admitted, refused %v; want 499: 100 of each address, and none once it is full", admitted, refused)
		}
		many := g.metric("counter_gateway_refused_total", "Too many connections from this address")
		full := g.metric("counter_gateway_refused_total", "Too many connections")
		if int(many) != refused[429] || int(full) != refused[503] {
			t.Errorf("counted %v and %v refusals, want %v", many, full, refused)
		}
	})
}

// "oversize frames", "bad packets": dropped with a reason, counted.
func TestBadFrames(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(func(c *server.Config) { c.MaxPayload = 10_000 })
		defer g.stop()
		h := g.healthy()
		defer h.leave()
		for _, tc := range []struct {
			name, packet, reason string
		}{
			{"oversize", "42" + strings.Repeat(" ", 20_000), "payload too big"},
			{"no packet", "x", "parse error"},
			{"no JSON", `42["register_room",`, "parse error"},
			{"no such type", `49["register_room",{}]`, "parse error"},
		} {
			v := g.connect()
			_ = v.SendText(tc.packet)
			h.unaffected(tc.name)
			if v.over() == nil {
				t.Errorf("%s: the connection stays, want that it is closed", tc.name)
			}
			v.leave()
		}
		if big, bad := g.metric("counter_gateway_clients_closed_total", "payload too big"), g.metric("counter_gateway_clients_closed_total", "parse error"); big != 1 || bad != 3 {
			t.Errorf("counted %v too big and %v not decodable, want 1 and 3", big, bad)
		}
	})
}
