package engineio_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"distributed-counter/gateway/socketio/engineio"
	"distributed-counter/gateway/socketio/sockettest"

	"github.com/gorilla/websocket"
)

// The times of the protocol's test suite.
const (
	pingInterval = 300 * time.Millisecond
	pingTimeout  = 200 * time.Millisecond
)

// world is a server on a network in memory, in a bubble of fake time.
type world struct {
	*testing.T
	network *sockettest.Network
	server  *engineio.Server
	http    *http.Client

	mu     sync.Mutex // guards what follows
	opened []*engineio.Session
	ended  []engineio.Reason
}

// receiver echoes.
type receiver struct {
	world   *world
	session *engineio.Session
}

func (r receiver) Receive(binary bool, data []byte) error {
	r.session.Send(engineio.NewMessage("", engineio.Part{Binary: binary, Data: data}))
	return nil
}

func (r receiver) Closed(reason engineio.Reason) {
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	r.world.ended = append(r.world.ended, reason)
}

// inWorld runs f in a bubble. Every session is established as it opens.
func inWorld(t *testing.T, cfg engineio.Config, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, network: sockettest.Listen()}
		if cfg.PingInterval == 0 {
			cfg.PingInterval, cfg.PingTimeout = pingInterval, pingTimeout
		}
		if cfg.Open == nil {
			cfg.Open = func(s *engineio.Session) engineio.Receiver {
				s.Establish(true)
				w.mu.Lock()
				defer w.mu.Unlock()
				w.opened = append(w.opened, s)
				return receiver{w, s}
			}
		}
		w.server = engineio.New(cfg)
		w.http = w.network.HTTP()
		serving := &http.Server{Handler: w.server}
		go serving.Serve(w.network)
		defer func() {
			serving.Close()
			w.http.CloseIdleConnections()
		}()
		defer w.end()
		f(w)
	})
}

// end closes the server and finds that nothing is left of its sessions.
func (w *world) end() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.server.Close(ctx); err != nil {
		w.Errorf("close the server: %v", err)
	}
	if got := w.server.Stats(); got.Sessions != 0 || got.Pending != 0 {
		w.Errorf("after the end: got %d sessions, %d pending, want none", got.Sessions, got.Pending)
	}
	synctest.Wait() // for the handlers of GETs
	if got := w.server.Stats().Queued; got != 0 {
		w.Errorf("after the end: got %d bytes queued, want none", got)
	}
}

// answer is what a request got.
type answer struct {
	status int
	body   string
	header http.Header
}

// request sends a request to /engine.io/ with this query.
func (w *world) request(method, query, body string) answer {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, "http://server/engine.io/?"+query, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	return w.do(r)
}

func (w *world) do(r *http.Request) answer {
	w.Helper()
	response, err := w.http.Do(r)
	if err != nil {
		w.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatalf("%s %s: read the body: %v", r.Method, r.URL, err)
	}
	return answer{response.StatusCode, string(text), response.Header}
}

const polling = "EIO=4&transport=polling"

func (w *world) get(sid string) answer { w.Helper(); return w.request("GET", polling+"&sid="+sid, "") }
func (w *world) post(sid, body string) answer {
	w.Helper()
	return w.request("POST", polling+"&sid="+sid, body)
}

// handshake is the payload of an open packet.
type handshake struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

func (w *world) parseOpen(packet string) handshake {
	w.Helper()
	var h handshake
	if !strings.HasPrefix(packet, "0") || json.Unmarshal([]byte(packet[1:]), &h) != nil {
		w.Fatalf("got %q, want an open packet", packet)
	}
	return h
}

// poll opens a polling session and returns its sid.
func (w *world) poll() string {
	w.Helper()
	return w.parseOpen(w.request("GET", polling, "").body).SID
}

// socket opens a WebSocket; sid may be "".
func (w *world) socket(sid string) *sockettest.Client {
	w.Helper()
	url := "ws://server/engine.io/?EIO=4&transport=websocket"
	if sid != "" {
		url += "&sid=" + sid
	}
	dialer := websocket.Dialer{NetDialContext: w.network.DialContext}
	conn, _, err := dialer.DialContext(w.Context(), url, nil)
	if err != nil {
		w.Fatalf("open a WebSocket: %v", err)
	}
	w.Cleanup(func() { conn.Close() })
	return &sockettest.Client{Conn: conn}
}

// open opens a session on a WebSocket.
func (w *world) open() (*sockettest.Client, handshake) {
	w.Helper()
	c := w.socket("")
	return c, w.parseOpen(w.read(c))
}

func (w *world) read(c *sockettest.Client) string {
	w.Helper()
	text, err := c.ReadText()
	if err != nil {
		w.Fatalf("read: %v", err)
	}
	return text
}

func (w *world) send(c *sockettest.Client, packets ...string) {
	w.Helper()
	for _, p := range packets {
		if err := c.SendText(p); err != nil {
			w.Fatalf("send %q: %v", p, err)
		}
	}
}

// session returns the i-th that was opened.
func (w *world) session(i int) *engineio.Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.opened[i]
}

// closed reads until the WebSocket is closed and returns the code.
func (w *world) closed(c *sockettest.Client) int {
	w.Helper()
	for {
		if _, err := c.ReadText(); err != nil {
			if e, ok := err.(*websocket.CloseError); ok {
				return e.Code
			}
			return websocket.CloseAbnormalClosure
		}
	}
}

// endedWith waits until sessions have ended and checks why.
func (w *world) endedWith(want ...engineio.Reason) {
	w.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ended) != len(want) {
		w.Fatalf("sessions ended with %q, want %q", w.ended, want)
	}
	for i := range want {
		if w.ended[i] != want[i] {
			w.Errorf("session %d ended with %q, want %q", i, w.ended[i], want[i])
		}
	}
}
