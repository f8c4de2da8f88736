package server_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"distributed-counter/gateway/server"
	"distributed-counter/likes"
)

// likesAnswer is what GET /videos/{id}/likes promises, spelt out by hand.
type likesAnswer struct {
	ID      string `json:"id"`
	Total   uint64 `json:"total"`
	Windows map[string]struct {
		Running struct {
			Count      uint64
			Start, End time.Time
		}
		Final *struct {
			Count, Late, Total uint64
			Start, End         time.Time
		}
	}
}

func TestLikesOfAVideo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		live := w.running("cat", 5, 45)
		final := w.final(0, "cat", 12, 40)
		time.Sleep(time.Second)

		got := decode[likesAnswer](w, second(g.get("GET", "/videos/cat/likes")))
		if got.ID != "cat" || got.Total != 45 || len(got.Windows) != 3 {
			t.Errorf("got %+v, want cat with 45 likes and three windows", got)
		}
		for i, window := range likes.Windows {
			run := got.Windows[window.Name].Running
			if want := live.Windows[i]; run.Count != 5 || !run.Start.Equal(want.Start) || !run.End.Equal(want.End) {
				t.Errorf("%s running: got %+v, want %+v", window.Name, run, want)
			}
		}
		if f := got.Windows["1min"].Final; f == nil || f.Count != 12 || f.Late != 1 || f.Total != 40 || !f.Start.Equal(final.Start) || !f.End.Equal(final.End) {
			t.Errorf("1min final: got %+v, want %+v", f, final)
		}
		if f := got.Windows["5min"].Final; f != nil {
			t.Errorf("5min final: got %+v, want null: there is none", f)
		}

		// "a running window whose end has passed reads as 0", of the current window
		time.Sleep(time.Until(live.Windows[0].End))
		got = decode[likesAnswer](w, second(g.get("GET", "/videos/cat/likes")))
		if run := got.Windows["1min"].Running; run.Count != 0 || !run.Start.Equal(live.Windows[0].End) || run.End.Sub(run.Start) != pane {
			t.Errorf("after the window's end: got %+v, want 0 in the next one", run)
		}
		if run := got.Windows["10min"].Running; run.Count != 5 || got.Total != 45 {
			t.Errorf("after the minute's end: 10min %+v and total %d, want 5 and 45", run, got.Total)
		}
	})
}

func second(_ *http.Response, body string) string { return body }

func TestLikesOfOddIDs(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		w.running("a/b <ü>", 1, 1)
		time.Sleep(time.Second)
		for _, tc := range []struct {
			path   string
			status int
			total  uint64
			says   string
		}{
			{"/videos/a%2Fb%20%3C%C3%BC%3E/likes", 200, 1, `"id":"a/b <ü>"`},
			{"/videos/never-liked/likes", 200, 0, `"final":null`},
			{"/videos/" + strings.Repeat("x", 128) + "/likes", 200, 0, ""},
			{"/videos/" + strings.Repeat("x", 129) + "/likes", 400, 0, "longer than 128 bytes"},
			{"/videos//likes", 400, 0, "empty video id"},
			{"/videos/%00/likes", 400, 0, "control character"},
			{"/videos/%ff/likes", 400, 0, "not UTF-8"},
			{"/videos/a/b/likes", 404, 0, "there are GET /videos/{id}/likes"},
			{"/videos", 404, 0, "GET /videos/trending"},
		} {
			resp, body := g.get("GET", tc.path)
			if resp.StatusCode != tc.status || !strings.Contains(body, tc.says) {
				t.Errorf("%s: %d %s, want %d with %q", tc.path, resp.StatusCode, body, tc.status, tc.says)
				continue
			}
			if tc.status == 200 {
				if got := decode[likesAnswer](w, body).Total; got != tc.total {
					t.Errorf("%s: total %d, want %d", tc.path, got, tc.total)
				}
			} else if problem := decode[struct{ Title, Type string }](w, body); problem.Title != http.StatusText(tc.status) ||
				resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %s %s, want problem+json", tc.path, resp.Header.Get("Content-Type"), body)
			}
		}
	})
}

func TestTrending(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(nil)
		defer g.stop()
		start := time.Now().Truncate(10 * pane)
		for i := range 150 {
			w.running(likes.VideoID(fmt.Sprintf("v%03d", i)), uint64(1+i%100), uint64(1000+i))
		}
		time.Sleep(time.Second)
		type answer struct {
			Window     string
			Start, End time.Time
			Videos     []struct {
				ID           string
				Count, Total uint64
			}
		}
		got := decode[answer](w, second(g.get("GET", "/videos/trending?window=10min&limit=3")))
		var order []string
		for _, v := range got.Videos {
			order = append(order, fmt.Sprintf("%s %d %d", v.ID, v.Count, v.Total))
		}
		want := []string{"v099 100 1099", "v098 99 1098", "v097 98 1097"}
		if diff := cmp.Diff(want, order); diff != "" || got.Window != "10min" || !got.Start.Equal(start) || !got.End.Equal(start.Add(10*pane)) {
			t.Errorf("%+v (-want +got):\n%s", got, diff)
		}
		for _, tc := range []struct {
			query  string
			status int
			n      int
		}{
			{"", 200, 10},
			{"?window=5min&limit=100", 200, 100},
			{"?limit=101", 400, 0},
			{"?limit=0", 400, 0},
			{"?limit=-1", 400, 0},
			{"?limit=ten", 400, 0},
			{"?limit=", 400, 0},
			{"?window=2min", 400, 0},
			{"?window=", 400, 0},
		} {
			resp, body := g.get("GET", "/videos/trending"+tc.query)
			if resp.StatusCode != tc.status || tc.status == 200 && len(decode[answer](w, body).Videos) != tc.n {
				t.Errorf("trending%s: %d %s, want %d with %d videos", tc.query, resp.StatusCode, body, tc.status, tc.n)
			}
		}
		time.Sleep(pane)
		if got := decode[answer](w, second(g.get("GET", "/videos/trending"))); len(got.Videos) != 0 || !got.Start.Equal(time.Now().Truncate(pane)) {
			t.Errorf("after the minute's end: %+v, want none in the next", got)
		}
	})
}

func TestETag(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g, other := w.gateway(nil), w.gateway(nil)
		defer g.stop()
		defer other.stop()
		w.running("cat", 1, 1)
		time.Sleep(time.Second)
		resp, _ := g.get("GET", "/videos/cat/likes")
		tag := resp.Header.Get("ETag")
		if tag == "" {
			t.Fatal("no ETag")
		}
		for _, known := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			resp, body := other.get("GET", "/videos/cat/likes", "If-None-Match", known)
			if resp.StatusCode != http.StatusNotModified || body != "" || resp.Header.Get("ETag") != tag {
				t.Errorf("If-None-Match %s: %d %q with ETag %s, want an empty 304 with %s", known, resp.StatusCode, body, resp.Header.Get("ETag"), tag)
			}
		}
		w.running("cat", 2, 2)
		time.Sleep(time.Second)
		if resp, _ := other.get("GET", "/videos/cat/likes", "If-None-Match", tag); resp.StatusCode != http.StatusOK {
			t.Errorf("after a like: %d, want 200", resp.StatusCode)
		}
	})
}

func TestCORS(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		g := w.gateway(func(c *server.Config) { c.Origins = []string{"https://good.example"} })
		defer g.stop()
		all := w.gateway(func(c *server.Config) { c.Origins = []string{"*"} })
		defer all.stop()
		for _, tc := range []struct {
			name   string
			of     *replica
			origin string
			path   string
			status int
			allow  string
		}{
			{"listed", g, "https://good.example", "/videos/cat/likes", 200, "https://good.example"},
			{"an error, too", g, "https://good.example", "/videos/trending?limit=0", 400, "https://good.example"},
			{"not listed", g, "https://bad.example", "/videos/cat/likes", 200, ""},
			{"all", all, "https://bad.example", "/videos/cat/likes", 200, "*"},
			{"socket, listed", g, "https://good.example", "/socket.io/?EIO=4&transport=polling", 200, "https://good.example"},
			{"socket, not listed", g, "https://bad.example", "/socket.io/?EIO=4&transport=polling", 403, ""},
			{"socket, its own page", g, "http://gateway", "/socket.io/?EIO=4&transport=polling", 200, ""},
		} {
			resp, _ := tc.of.get("GET", tc.path, "Origin", tc.origin)
			if got := resp.Header.Get("Access-Control-Allow-Origin"); resp.StatusCode != tc.status || got != tc.allow {
				t.Errorf("%s: %d, allowed %q; want %d, %q", tc.name, resp.StatusCode, got, tc.status, tc.allow)
			}
		}
		resp, _ := g.get("OPTIONS", "/videos/cat/likes", "Origin", "https://good.example", "Access-Control-Request-Method", "GET")
		if resp.StatusCode != http.StatusNoContent || !strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "if-none-match") {
			t.Errorf("preflight: %d %v, want 204 that allows If-None-Match", resp.StatusCode, resp.Header)
		}
		if resp, body := g.get("POST", "/videos/cat/likes"); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") == "" {
			t.Errorf("POST: %d %s, want 405 with Allow", resp.StatusCode, body)
		}
	})
}

func TestPage(t *testing.T) {
	inWorld(t, func(w *world) {
		script := strings.Repeat("console.log('hello');\n", 100)
		g := w.gateway(func(c *server.Config) {
			c.Page = fstest.MapFS{"index.html": {Data: []byte("<!doctype html><p>page</p>")}, "assets/app-1a2b.js": {Data: []byte(script)}}
		})
		defer g.stop()
		for _, tc := range []struct {
			path, kind, cache string
			status            int
		}{
			{"/", "text/html; charset=utf-8", "no-cache", 200},
			{"/index.html", "text/html; charset=utf-8", "no-cache", 200},
			{"/assets/app-1a2b.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", 200},
			{"/assets/", "application/problem+json", "no-store", 404},
			{"/../server.go", "application/problem+json", "no-store", 404},
		} {
			resp, _ := g.get("GET", tc.path)
			if resp.StatusCode != tc.status || resp.Header.Get("Content-Type") != tc.kind || resp.Header.Get("Cache-Control") != tc.cache {
				t.Errorf("%s: %d, %q, %q; want %d, %q, %q", tc.path, resp.StatusCode, resp.Header.Get("Content-Type"),
					resp.Header.Get("Cache-Control"), tc.status, tc.kind, tc.cache)
			}
			if tag := resp.Header.Get("ETag"); tc.status == 200 {
				if again, _ := g.get("GET", tc.path, "If-None-Match", tag); again.StatusCode != http.StatusNotModified {
					t.Errorf("%s again: %d, want 304", tc.path, again.StatusCode)
				}
			}
		}
		resp, body := g.get("GET", "/assets/app-1a2b.js", "Accept-Encoding", "gzip, br")
		if resp.Header.Get("Content-Encoding") != "gzip" || len(body) >= len(script)/2 {
			t.Fatalf("compressed: %v, %d bytes of %d; want gzip and few", resp.Header, len(body), len(script))
		}
		z, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(z); err != nil || string(plain) != script {
			t.Errorf("decompressed: %d bytes, error %v; want the script", len(plain), err)
		}
	})
}

func TestNoPageAndConfig(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.gateway(nil)
		defer g.stop()
		fixed := w.gateway(func(c *server.Config) { c.APIURL = "https://api.example/prod"; c.MaxRooms = 7 })
		defer fixed.stop()
		if resp, body := g.get("GET", "/"); resp.StatusCode != 200 || !strings.Contains(body, "no page") {
			t.Errorf("/ without a page: %d %q, want a line of text", resp.StatusCode, body)
		}
		const rest = `,"live_event":"live_counts","windows":[{"name":"1min","event":"live_aggregations_1","ms":60000},` +
			`{"name":"5min","event":"live_aggregations_5","ms":300000},{"name":"10min","event":"live_aggregations_10","ms":600000}],`
		for _, tc := range []struct {
			of   *replica
			want string
		}{
			{g, `{"api":"http://gateway:3000/dev"` + rest + `"max_rooms":200}`},
			{fixed, `{"api":"https://api.example/prod"` + rest + `"max_rooms":7}`},
		} {
			if _, got := tc.of.get("GET", "/config.json"); got != tc.want {
				t.Errorf("config: got %s, want %s", got, tc.want)
			}
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  server.Config
		says string
	}{
		{"nothing", server.Config{}, "a listener is required"},
		{"a page without an index", server.Config{Brokers: []string{"b:1"}, Pane: pane, Page: fstest.MapFS{}}, "no index.html"},
		{"no pane", server.Config{Brokers: []string{"b:1"}}, "pane of 0s"},
		{"no broker", server.Config{Pane: pane}, "a broker is required"},
	} {
		if tc.name != "nothing" {
			tc.cfg.Listener = closedListener(t)
		}
		if err := server.Run(t.Context(), tc.cfg); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want an error with %q", tc.name, err, tc.says)
		}
	}
}
