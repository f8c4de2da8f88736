package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/gateway/server"
	"distributed-counter/gateway/socketio/sockettest"
	"distributed-counter/likes"
)

// balancer is a plain TCP balancer on loopback: the first connection goes to
// the first backend, the next to the next. It knows nothing of what passes, and
// a connection to a backend that is down ends.
type balancer struct {
	net.Listener
	backends []string
	next     atomic.Int64
	open     sync.WaitGroup
}

func balance(t *testing.T, backends ...string) *balancer {
	t.Helper()
	b := &balancer{Listener: listen(t), backends: backends}
	b.open.Go(func() {
		for {
			near, err := b.Accept()
			if err != nil {
				return
			}
			b.open.Go(func() { b.join(near) })
		}
	})
	t.Cleanup(func() {
		b.Close()
		b.open.Wait()
	})
	return b
}

func (b *balancer) join(near net.Conn) {
	defer near.Close()
	i := int(b.next.Add(1)-1) % len(b.backends)
	far, err := net.Dial("tcp", b.backends[i])
	if err != nil {
		return
	}
	defer far.Close()
	b.open.Go(func() {
		defer near.Close()
		defer far.Close()
		_, _ = io.Copy(far, near) // either side may end it
	})
	_, _ = io.Copy(near, far)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// fleet is gateways behind a balancer, on real connections.
type fleet struct {
	*world
	host    string // the balancer's
	peers   []string
	stop    []func()
	metrics []*prometheus.Registry
	http    *http.Client // each request on a connection of its own
}

func newFleet(t *testing.T, replicas int) *fleet {
	t.Helper()
	f := &fleet{world: &world{T: t, topics: likes.DefaultTopics()}}
	f.http = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	if f.client, err = kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ProducerLinger(0)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.client.Close)
	f.create()
	var listeners []net.Listener
	for range replicas {
		l := listen(t)
		listeners, f.peers = append(listeners, l), append(f.peers, l.Addr().String())
	}
	for _, l := range listeners {
		f.serve(server.Config{Listener: l, Brokers: cluster.ListenAddrs(), Pane: pane, Peers: f.peers, Origins: []string{"*"}})
	}
	f.host = balance(t, f.peers...).Addr().String()
	return f
}

func (f *fleet) serve(cfg server.Config) {
	registry := prometheus.NewRegistry()
	cfg.Metrics = registry
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx, cfg) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			f.Errorf("Run after its context ended: %v, want nil", err)
		}
	})
	f.Cleanup(stop)
	f.stop, f.metrics = append(f.stop, stop), append(f.metrics, registry)
}

// count is a metric of one replica.
func (f *fleet) count(i int, name string) float64 {
	f.Helper()
	return (&replica{w: f.world, metrics: f.metrics[i]}).metric(name, "")
}

// settles waits until a metric of one replica has a value.
func (f *fleet) settles(i int, name string, want float64) {
	f.Helper()
	for end := time.Now().Add(10 * time.Second); f.count(i, name) != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			f.Fatalf("%s of replica %d is %v, want %v", name, i, f.count(i, name), want)
		}
	}
}

// poller is a client on HTTP long-polling that knows no other transport.
type poller struct {
	f   *fleet
	sid string
}

// poll opens a session and enters the main namespace.
func (f *fleet) poll() *poller {
	f.Helper()
	p := &poller{f: f}
	code, body := p.do(http.MethodGet, "")
	var open struct{ SID string }
	if code != http.StatusOK || json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &open) != nil || open.SID == "" {
		f.Fatalf("open: got %d %q", code, body)
	}
	p.sid = open.SID
	p.post("40")
	if got := p.get(); !strings.HasPrefix(got, "40{") {
		f.Fatalf("got %q, want the answer to CONNECT", got)
	}
	return p
}

func (p *poller) do(method, body string) (code int, answer string) {
	p.f.Helper()
	url := "http://" + p.f.host + "/socket.io/?EIO=4&transport=polling"
	if p.sid != "" {
		url += "&sid=" + p.sid
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		p.f.Fatal(err)
	}
	req.Header.Set("Origin", "https://page.example")
	resp, err := p.f.http.Do(req)
	if err != nil {
		p.f.Fatalf("%s: %v", method, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.f.Fatalf("%s: %v", method, err)
	}
	if got := resp.Header["Access-Control-Allow-Origin"]; len(got) != 1 || got[0] != "https://page.example" {
		p.f.Errorf("%s: Access-Control-Allow-Origin is %q, want the page's origin once", method, got)
	}
	return resp.StatusCode, string(text)
}

func (p *poller) post(packet string) {
	p.f.Helper()
	if code, body := p.do(http.MethodPost, packet); code != http.StatusOK || body != "ok" {
		p.f.Fatalf("POST %s: got %d %q, want ok", packet, code, body)
	}
}

func (p *poller) get() string {
	p.f.Helper()
	code, body := p.do(http.MethodGet, "")
	if code != http.StatusOK {
		p.f.Fatalf("GET: got %d %q", code, body)
	}
	return body
}

// until polls until all of want have come.
func (p *poller) until(want ...string) {
	p.f.Helper()
	got := ""
	for range 10 {
		got += p.get() + "\n"
		missing := false
		for _, w := range want {
			name, payload, _ := strings.Cut(w, " ")
			missing = missing || !strings.Contains(got, fmt.Sprintf("42[%q,%s]", name, payload))
		}
		if !missing {
			return
		}
	}
	p.f.Fatalf("got %q, want %q", got, want)
}

func register(ids ...string) string {
	list, _ := json.Marshal(ids) // texts
	return `42["register_room",{"rooms":` + string(list) + `}]`
}

// "two replicas split the data", behind a balancer: whoever comes is told the
// same, whatever replica it is led to.
func TestBalancedWebSockets(t *testing.T) {
	f := newFleet(t, 2)
	first := liveEvent(f.running("cat", 1, 1))
	var clients []*sockettest.Client
	for range 8 {
		c, err := sockettest.Connect(t.Context(), sockettest.Options{URL: "ws://" + f.host + "/socket.io/"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Emit("register_room", map[string]any{"rooms": []string{"cat"}}); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	expect := func(want string) {
		t.Helper()
		for i, c := range clients {
			e, err := c.NextWithin(10 * time.Second)
			if err != nil || e.Name+" "+string(e.Args[0]) != want {
				t.Errorf("client %d: got %v and error %v, want %s", i, e, err, want)
			}
		}
	}
	expect(first)
	for n := uint64(2); n < 5; n++ {
		expect(liveEvent(f.running("cat", n, n)))
	}
	for i := range f.metrics {
		if got := f.count(i, "counter_gateway_clients"); got != 4 {
			t.Errorf("replica %d has %v clients, want 4 of 8", i, got)
		}
	}
}

// A polling client's requests are led to either replica in turn, and it is
// served as if there were one.
func TestBalancedPolling(t *testing.T) {
	f := newFleet(t, 2)
	live, final := liveEvent(f.running("cat", 1, 1)), finalEvent(0, f.final(0, "cat", 3, 4))
	a, b := f.poll(), f.poll()
	for _, p := range []*poller{a, b} {
		p.post(register("cat"))
		p.until(live, final)
	}
	for n := uint64(2); n < 8; n++ {
		want := liveEvent(f.running("cat", n, n))
		a.until(want)
		b.until(want)
	}
	if one, two := f.count(0, "counter_gateway_forwards_total"), f.count(1, "counter_gateway_forwards_total"); one == 0 || two == 0 {
		t.Errorf("%v and %v requests were passed on: the balancer has led to the right replica by itself", one, two)
	}
	a.post("1")
	b.post("1")
	for _, p := range []*poller{a, b} {
		if code, _ := p.do(http.MethodPost, "3"); code != http.StatusBadRequest {
			t.Errorf("POST after the end: got %d, want 400", code)
		}
	}
}

// A polling session moves to a WebSocket that the balancer leads to the other
// replica.
func TestBalancedUpgrade(t *testing.T) {
	f := newFleet(t, 2)
	first := liveEvent(f.running("cat", 1, 1))
	p := f.poll() // three requests: the next is led elsewhere
	c := f.upgrade(p)
	f.say(c, register("cat"))
	f.hear(c, first)
	for n := uint64(2); n < 5; n++ {
		f.hear(c, liveEvent(f.running("cat", n, n)))
	}
	if got := f.count(0, "counter_gateway_forwards") + f.count(1, "counter_gateway_forwards"); got != 1 {
		t.Errorf("%v requests are on their way between replicas, want the WebSocket", got)
	}
	away := 0 // the replica that passes on
	if f.count(1, "counter_gateway_forwards") == 1 {
		away = 1
	}
	f.stop[away]() // ends only when the tunnel has ended
	if text, err := c.ReadText(); err == nil {
		t.Errorf("read %q from a replica that has stopped, want an error", text)
	}
	c.Close()
}

func (f *fleet) upgrade(p *poller) *sockettest.Client {
	f.Helper()
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second}
	conn, _, err := dialer.Dial("ws://"+f.host+"/socket.io/?EIO=4&transport=websocket&sid="+p.sid, nil)
	if err != nil {
		f.Fatalf("upgrade: %v", err)
	}
	f.Cleanup(func() { conn.Close() })
	c := &sockettest.Client{Conn: conn}
	f.say(c, "2probe")
	if got, err := c.ReadText(); err != nil || got != "3probe" {
		f.Fatalf("got %q and error %v, want 3probe", got, err)
	}
	f.say(c, "5")
	return c
}

func (f *fleet) say(c *sockettest.Client, packet string) {
	f.Helper()
	if err := c.SendText(packet); err != nil {
		f.Fatalf("send %q: %v", packet, err)
	}
}

func (f *fleet) hear(c *sockettest.Client, want string) {
	f.Helper()
	e, err := c.Next()
	if err != nil || e.Name+" "+string(e.Args[0]) != want {
		f.Fatalf("got %v and error %v, want %s", e, err, want)
	}
}

// A sid that no replica knows is unknown; so is one of a replica that is gone,
// whose client begins again on another.
func TestBalancedStrangers(t *testing.T) {
	f := newFleet(t, 2)
	first := liveEvent(f.running("cat", 1, 1))
	unknown := func(what string, p *poller) {
		t.Helper()
		if code, body := p.do(http.MethodGet, ""); code != http.StatusBadRequest || !strings.Contains(body, `"code":1`) {
			t.Errorf("%s: got %d %q, want 400 and code 1", what, code, body)
		}
	}
	p := f.poll()
	for _, sid := range []string{"x", strings.Repeat("y", 28), strings.Repeat("z", 5000), p.sid[:8] + strings.Repeat("w", 20)} {
		for range 2 { // on either replica
			unknown(sid[:min(9, len(sid))], &poller{f: f, sid: sid})
		}
	}
	for range 4 { // a WebSocket for a session that is not there: the tunnel ends with the refusal
		conn, err := net.Dial("tcp", f.host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() // not before the end: the client does not mind
		_, _ = io.WriteString(conn, "GET /socket.io/?EIO=4&transport=websocket&sid="+p.sid[:8]+"x HTTP/1.1\r\nHost: public.example\r\n"+
			"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
		answer := make([]byte, len("HTTP/1.1 400"))
		if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "HTTP/1.1 400" {
			t.Errorf("WebSocket with an unknown sid: got %q and error %v, want 400", answer, err)
		}
	}
	for i := range f.metrics {
		f.settles(i, "counter_gateway_forwards", 0)
	}
	home := 0
	if f.count(1, "counter_gateway_clients") == 1 {
		home = 1
	}
	f.stop[home]()
	f.host = f.peers[1-home]
	unknown("of a replica that has stopped", p)
	q := f.poll()
	q.post(register("cat"))
	q.until(first)
}
