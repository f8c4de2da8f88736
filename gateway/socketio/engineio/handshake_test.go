package engineio_test

import (
	"net/http"
	"testing"

	"distributed-counter/gateway/socketio/engineio"

	"github.com/google/go-cmp/cmp"
)

// "If the server accepts the connection, then it MUST respond with an open
// packet with the following JSON-encoded payload: sid, upgrades, pingInterval,
// pingTimeout, maxPayload."
func TestOpenPacket(t *testing.T) {
	inWorld(t, engineio.Config{}, func(w *world) {
		polled := w.request("GET", polling, "")
		_, overSocket := w.open()
		overPolling := w.parseOpen(polled.body)
		if overPolling.SID == overSocket.SID || len(overPolling.SID) != 20 || len(overSocket.SID) != 20 {
			w.Errorf("got sids %q and %q, want two of 20 characters", overPolling.SID, overSocket.SID)
		}
		overPolling.SID, overSocket.SID = "", ""
		want := handshake{Upgrades: []string{"websocket"}, PingInterval: 300, PingTimeout: 200, MaxPayload: 1_000_000}
		if diff := cmp.Diff(want, overPolling); diff != "" {
			w.Errorf("over polling (-want +got):\n%s", diff)
		}
		want.Upgrades = []string{}
		if diff := cmp.Diff(want, overSocket); diff != "" {
			w.Errorf("over WebSocket (-want +got):\n%s", diff)
		}
		if got := polled.header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
			w.Errorf("got content type %q, want text", got)
		}
		if got := polled.header.Get("Cache-Control"); got != "no-store" {
			w.Errorf("got cache control %q, want no-store", got)
		}
	})
}

// "If a mandatory query parameter is missing, then the server MUST respond with
// an HTTP 400 error status", and "The server MUST return an HTTP 400 response if
// the session ID (from the sid query parameter) is not known."
func TestRefusals(t *testing.T) {
	cases := []struct {
		name, method, query string
		upgrade             bool
		status              int
		want                string
	}{
		{"no transport", "GET", "EIO=4", false, 400, `{"code":0,"message":"Transport unknown"}`},
		{"other transport", "GET", "EIO=4&transport=abc", false, 400, `{"code":0,"message":"Transport unknown"}`},
		{"unknown sid in a GET", "GET", polling + "&sid=x", false, 400, `{"code":1,"message":"Session ID unknown"}`},
		{"unknown sid in a POST", "POST", polling + "&sid=x", false, 400, `{"code":1,"message":"Session ID unknown"}`},
		{"empty sid", "GET", polling + "&sid=", false, 400, `{"code":1,"message":"Session ID unknown"}`},
		{"unknown sid in an upgrade", "GET", "EIO=4&transport=websocket&sid=x", true, 400, `{"code":1,"message":"Session ID unknown"}`},
		{"POST without sid", "POST", polling, false, 400, `{"code":2,"message":"Bad handshake method"}`},
		{"PUT without sid", "PUT", polling, false, 400, `{"code":2,"message":"Bad handshake method"}`},
		{"WebSocket without upgrade", "GET", "EIO=4&transport=websocket", false, 400, `{"code":3,"message":"Bad request"}`},
		{"upgrade to polling", "GET", polling, true, 400, `{"code":3,"message":"Bad request"}`},
		{"no version", "GET", "transport=polling", false, 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"old version", "GET", "EIO=3&transport=polling", false, 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"no number for a version", "GET", "EIO=abc&transport=polling", false, 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"WebSocket of an old version", "GET", "EIO=3&transport=websocket", true, 400, `{"code":5,"message":"Unsupported protocol version"}`},
	}
	inWorld(t, engineio.Config{}, func(w *world) {
		for _, c := range cases {
			r, err := http.NewRequestWithContext(w.Context(), c.method, "http://server/engine.io/?"+c.query, nil)
			if err != nil {
				w.Fatal(err)
			}
			if c.upgrade {
				r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
					"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"MDEyMzQ1Njc4OWFiY2RlZg=="}}
			}
			got := w.do(r)
			if got.status != c.status || got.body != c.want {
				w.Errorf("%s: got %d %s, want %d %s", c.name, got.status, got.body, c.status, c.want)
			}
			if ct := got.header.Get("Content-Type"); ct != "application/json" {
				w.Errorf("%s: got content type %q, want application/json", c.name, ct)
			}
		}
		sid := w.poll()
		if got := w.request("PUT", polling+"&sid="+sid, ""); got.status != 400 {
			w.Errorf("PUT with a sid: got %d, want 400", got.status)
		}
		if got := w.server.Stats().Refused["Unsupported protocol version"]; got != 4 {
			w.Errorf("got %d refused for their version, want 4", got)
		}
	})
}

// A page of another site gets neither data nor a connection.
func TestOrigins(t *testing.T) {
	cases := []struct {
		name, origin string
		allowed      []string
		status       int
		header       string // Access-Control-Allow-Origin
	}{
		{"no browser", "", nil, 200, ""},
		{"own page", "http://server", nil, 200, ""},
		{"listed page", "https://page.example", []string{"https://page.example"}, 200, "https://page.example"},
		{"any page", "https://page.example", []string{"*"}, 200, "https://page.example"},
		{"other page", "https://evil.example", []string{"https://page.example"}, 403, ""},
		{"no page", "null", []string{"https://page.example"}, 403, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, engineio.Config{Origins: c.allowed}, func(w *world) {
				for _, method := range []string{"GET", "OPTIONS"} {
					r, err := http.NewRequestWithContext(w.Context(), method, "http://server/engine.io/?"+polling, nil)
					if err != nil {
						w.Fatal(err)
					}
					if c.origin != "" {
						r.Header.Set("Origin", c.origin)
					}
					want := c.status
					if method == "OPTIONS" && want == 200 {
						want = 204
					}
					got := w.do(r)
					if got.status != want {
						w.Errorf("%s: got %d %s, want %d", method, got.status, got.body, want)
					}
					if h := got.header.Get("Access-Control-Allow-Origin"); h != c.header {
						w.Errorf("%s: got allowed origin %q, want %q", method, h, c.header)
					}
				}
			})
		})
	}
}

// Limits on sessions refuse the one too many, and only it.
func TestLimitsOnSessions(t *testing.T) {
	waits := func(*engineio.Session) engineio.Receiver { return silent{} }
	cases := []struct {
		name   string
		cfg    engineio.Config
		status int
	}{
		{"in all", engineio.Config{MaxSessions: 3}, 503},
		{"of one address", engineio.Config{MaxPerAddress: 3}, 429},
		{"not established", engineio.Config{MaxPending: 3, Open: waits}, 503},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, c.cfg, func(w *world) {
				first := w.poll()
				w.poll()
				w.open()
				got := w.request("GET", polling, "")
				if got.status != c.status || got.header.Get("Retry-After") == "" {
					w.Errorf("the fourth: got %d %s, want %d and when to try again", got.status, got.body, c.status)
				}
				w.post(first, "1")
				if got := w.request("GET", polling, ""); got.status != 200 {
					w.Errorf("after one has gone: got %d %s, want 200", got.status, got.body)
				}
			})
		})
	}
}

// silent takes everything and says nothing.
type silent struct{}

func (silent) Receive(bool, []byte) error { return nil }
func (silent) Closed(engineio.Reason)     {}
