package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"distributed-counter/gateway/server"
)

// begin connects and sends the beginning of something; ended is closed when the
// gateway has had enough of it.
func (r *replica) begin(text string) (conn net.Conn, ended chan struct{}) {
	r.w.Helper()
	conn, err := r.net.DialContext(context.Background(), "tcp", "gateway:80")
	if err != nil {
		r.w.Fatal(err)
	}
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, conn) // to the end, whatever that is
	}()
	go func() { _, _ = io.WriteString(conn, text) }() // what is not read is not taken
	return conn, ended
}

// has counts those that have ended.
func has(ended []chan struct{}) (n int) {
	for _, e := range ended {
		select {
		case <-e:
			n++
		default:
		}
	}
	return n
}

// "half handshakes": whoever connects and does not ask for anything is dropped,
// and counted.
func TestConnectionsWithoutRequest(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		h := g.healthy()
		defer h.leave()
		beginnings := []string{
			"", "G", "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: gateway\r\nUpgr",
			"this is no HTTP\r\n\r\n",
		}
		var ended []chan struct{}
		for _, text := range beginnings {
			conn, e := g.begin(text)
			defer conn.Close()
			ended = append(ended, e)
		}
		h.unaffected("half requests")
		time.Sleep(10 * time.Second)
		if got := has(ended); got != len(beginnings) {
			t.Errorf("%d connections were dropped, want all %d", got, len(beginnings))
		}
		// One who has been served is not among them, however it goes.
		whole, _ := g.begin("GET /config.json HTTP/1.1\r\nHost: gateway\r\n\r\nGET /")
		defer whole.Close()
		time.Sleep(10 * time.Second)
		if got := g.metric("counter_gateway_connections_unserved_total", ""); int(got) != len(beginnings) {
			t.Errorf("counted %v connections without a request, want %d", got, len(beginnings))
		}
		if got := g.metric("counter_gateway_connections_refused_total", ""); got != 0 {
			t.Errorf("counted %v refused connections, want none", got)
		}
	})
}

// More connections than may be are closed at once, and counted. Who is there
// already has nothing to do with that.
func TestTooManyConnections(t *testing.T) {
	const some = 20
	cases := []struct {
		name, bound string
		config      func(*server.Config)
		most        int
	}{
		{"of an address", "address", func(c *server.Config) { c.MaxPerAddress = some }, some},
		{"of all", "all", func(c *server.Config) { c.MaxClients = some }, 2 * some},
		{"of all, where a proxy has them", "all", func(c *server.Config) {
			c.MaxClients, c.MaxPerAddress, c.AddressHeader = some, 1, "X-Forwarded-For"
		}, 2 * some},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.create()
				g := w.gateway(tc.config)
				defer g.stop()
				h := g.healthy()
				defer h.leave()
				var ended []chan struct{}
				for i := range 3 * some {
					conn, e := g.begin(fmt.Sprintf("GET /%d", i))
					defer conn.Close()
					ended = append(ended, e)
				}
				time.Sleep(time.Second)
				refused := 3*some - tc.most
				if got := has(ended); got != refused {
					t.Errorf("%d of %d connections were closed at once, want %d", got, 3*some, refused)
				}
				if got := g.metric("counter_gateway_connections_refused_total", tc.bound); int(got) != refused {
					t.Errorf("counted %v refused connections, want %d", got, refused)
				}
				h.unaffected("more connections than may be")
				time.Sleep(10 * time.Second) // those that were let in have been dropped, too
				if got := g.metric("counter_gateway_connections_unserved_total", ""); int(got) != tc.most {
					t.Errorf("counted %v connections without a request, want %d", got, tc.most)
				}
				if resp, _ := g.get("GET", "/config.json"); resp.StatusCode != 200 {
					t.Errorf("a request afterwards is answered %d, want 200", resp.StatusCode)
				}
			})
		})
	}
}
