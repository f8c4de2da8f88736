package replicas_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"distributed-counter/gateway/replicas"
)

// gateway is a replica that answers with its name for sessions of its own.
type gateway struct {
	*replicas.Replicas
	t      *testing.T
	server *http.Server
	addr   string
	hold   chan struct{} // answers wait until it is closed; nil: they do not
	held   chan struct{} // has a value per answer that waits
}

// start starts a gateway at addr; "" is a free port.
func start(t *testing.T, addr string, cfg replicas.Config) *gateway {
	t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.MaxForwards == 0 {
		cfg.MaxForwards = 10
	}
	g := &gateway{t: t, addr: l.Addr().String(), held: make(chan struct{}, 10)}
	if g.Replicas, err = replicas.New(cfg); err != nil {
		t.Fatal(err)
	}
	g.server = &http.Server{Handler: http.HandlerFunc(g.serve)}
	go g.server.Serve(l)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v, want nil", err)
		}
		g.server.Close()
	})
	return g
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request) {
	sid := r.URL.Query().Get("sid")
	switch {
	case r.URL.Path == "/replica":
		g.ServeHTTP(w, r)
	case strings.HasPrefix(sid, g.Name()):
		if g.hold != nil {
			g.held <- struct{}{}
			<-g.hold
		}
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, "at "+g.Name()+": "+string(body)+" for "+r.Host)
	case !g.Forward(w, r, sid):
		http.Error(w, "nobody knows", http.StatusBadRequest)
	}
}

// ask asks a gateway about a session.
func (g *gateway) ask(sid string, headers ...string) (code int, body string) {
	g.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://public.example/socket.io/?sid="+sid, strings.NewReader("hello"))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.serve(w, r)
	return w.Code, w.Body.String()
}

// has expects that a gateway gets the answer of another.
func (g *gateway) has(other *gateway) {
	g.t.Helper()
	want := "at " + other.Name() + ": hello for public.example"
	if code, body := g.ask(other.Name() + "session"); code != http.StatusOK || body != want {
		g.t.Errorf("got %d %q, want 200 %q", code, body, want)
	}
}

func (g *gateway) hasNot(what, sid string, headers ...string) {
	g.t.Helper()
	if code, body := g.ask(sid, headers...); code != http.StatusBadRequest {
		g.t.Errorf("%s: got %d %q, want 400", what, code, body)
	}
}

// freeAddr is where nobody listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A replica is found when it is asked for, wherever it came from since: it may
// come later, go, and come again under another name.
func TestFound(t *testing.T) {
	addr := freeAddr(t)
	other := httptest.NewServer(http.NotFoundHandler()) // no gateway
	defer other.Close()
	a := start(t, "", replicas.Config{Peers: []string{addr, strings.TrimPrefix(other.URL, "http://"), "nowhere.invalid:80"}})
	a.hasNot("of nobody", "abcdefgh-session")
	b := start(t, addr, replicas.Config{})
	a.has(b)
	a.hasNot("of nobody", "abcdefgh-session")
	a.has(b)
	b.server.Close()
	a.hasNot("of one that is gone", b.Name()+"session")
	c := start(t, addr, replicas.Config{})
	a.hasNot("of one whose place another has", b.Name()+"session")
	a.has(c)
}

func TestWhatIsNotPassedOn(t *testing.T) {
	b := start(t, "", replicas.Config{})
	a := start(t, "", replicas.Config{Peers: []string{b.addr}})
	alone := start(t, "", replicas.Config{})
	a.has(b)
	for _, tc := range []struct{ name, sid string }{
		{"too short for a name", b.Name()}, {"empty", ""}, {"of nobody", strings.Repeat("x", 28)},
	} {
		a.hasNot(tc.name, tc.sid)
	}
	a.hasNot("passed on before", b.Name()+"session", "Gateway-Passed-On", "somebody")
	alone.hasNot("by one without peers", b.Name()+"session")
	if _, total := a.Forwards(); total != 1 {
		t.Errorf("%d requests were passed on, want 1", total)
	}
}

// More requests than MaxForwards are told to come later.
func TestMaxForwards(t *testing.T) {
	b := start(t, "", replicas.Config{})
	a := start(t, "", replicas.Config{Peers: []string{b.addr}, MaxForwards: 2})
	a.has(b)
	b.hold = make(chan struct{})
	done := make(chan struct{}, 2)
	for range 2 {
		go func() {
			a.has(b)
			done <- struct{}{}
		}()
		<-b.held
	}
	if code, _ := a.ask(b.Name() + "session"); code != http.StatusServiceUnavailable {
		t.Errorf("the third at a time: got %d, want 503", code)
	}
	close(b.hold)
	<-done
	<-done
	a.has(b)
	if now, _ := a.Forwards(); now != 0 {
		t.Errorf("%d requests are on their way, want none", now)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, cfg := range []replicas.Config{{MaxForwards: 0}, {MaxForwards: 1, Peers: []string{"no-port"}}} {
		if _, err := replicas.New(cfg); err == nil {
			t.Errorf("New(%+v) succeeds, want an error", cfg)
		}
	}
}
