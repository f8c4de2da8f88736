package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/functions/api"
	"distributed-counter/likes"
)

const cat = "93f98662-8907-4f43-bb4c-280501481046"

// Each line is a request and what is answered; none of them counts a like.
func TestRefusals(t *testing.T) {
	kafka := broker(t)
	a := newAPI(t, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient})
	long := strings.Repeat("a", 3000)
	for _, tc := range []struct {
		name           string
		method, target string
		headers        []string
		body           string
		code           int
		detail         string // a part of it
	}{
		// Ids.
		{"no id", "POST", "/videos//likes", nil, "", 400, "empty video id"},
		{"no id below a stage", "POST", "/dev/videos//likes", nil, "", 400, "send 1 to 128 bytes"},
		{"129 bytes", "POST", "/videos/" + long[:129] + "/likes", nil, "", 400, "longer than 128 bytes: 129"},
		{"3000 characters", "POST", "/videos/" + long + "/likes", nil, "", 400, "3000"},
		{"43 characters of 3 bytes", "POST", "/videos/" + url.PathEscape(strings.Repeat("€", 43)) + "/likes", nil, "", 400, "129"},
		{"a line feed", "POST", "/videos/a%0Ab/likes", nil, "", 400, "control character"},
		{"a null", "POST", "/videos/%00/likes", nil, "", 400, "control character"},
		{"a C1 control", "POST", "/videos/%C2%85/likes", nil, "", 400, "control character"},
		{"no UTF-8", "POST", "/videos/%FF/likes", nil, "", 400, "not UTF-8"},

		// Paths. Nothing is cleaned or redirected.
		{"the root", "POST", "/", nil, "", 404, "POST /videos/{id}/likes"},
		{"a stage", "GET", "/dev", nil, "", 404, "GET /videos/metadata"},
		{"an unknown stage", "POST", "/test/videos/x/likes", nil, "", 404, "stage"},
		{"two stages", "POST", "/dev/prod/videos/x/likes", nil, "", 404, "stage"},
		{"a slash too many", "POST", "/dev//videos/x/likes", nil, "", 404, "%2F"},
		{"a slash at the end", "POST", "/videos/x/likes/", nil, "", 404, "%2F"},
		{"a slash in the id", "POST", "/videos/a/b/likes", nil, "", 404, "%2F"},
		{"dots", "POST", "/x/../videos/x/likes", nil, "", 404, "likes"},

		// Methods.
		{"GET of likes", "GET", "/videos/x/likes", nil, "", 405, "POST, OPTIONS"},
		{"HEAD of likes", "HEAD", "/videos/x/likes", nil, "", 405, ""},
		{"DELETE of a bad id", "DELETE", "/videos//likes", nil, "", 405, "POST, OPTIONS"},
		{"POST of the list", "POST", "/dev/videos/metadata", nil, "", 405, "GET, HEAD, OPTIONS"},
		{"an invented method", "LIKE", "/videos/x/likes", nil, "", 405, "POST, OPTIONS"},

		// Bodies.
		{"a picture", "POST", "/videos/x/likes", []string{"Content-Type", "image/png"}, "png", 415, "application/json"},
		{"no media type", "POST", "/videos/x/likes", []string{"Content-Type", ";;"}, "{}", 415, "text/plain"},
		{"64 KiB and a byte", "POST", "/videos/x/likes", nil, strings.Repeat(" ", 64<<10+1), 413, "65536 bytes"},
	} {
		w := serve(a, request(tc.method, tc.target, tc.body, tc.headers...))
		var got struct {
			Type, Title, Detail string
			Status              int
		}
		text := body(t, w)
		if tc.method != "HEAD" {
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Errorf("%s: the answer is no JSON: %v: %s", tc.name, err, text)
				continue
			}
			if got.Type != "about:blank" || got.Title != http.StatusText(tc.code) || got.Status != tc.code {
				t.Errorf("%s: problem %+v, want about:blank, %q, %d", tc.name, got, http.StatusText(tc.code), tc.code)
			}
		} else if text != "" {
			t.Errorf("%s: HEAD is answered with a body: %s", tc.name, text)
		}
		if w.Code != tc.code || !strings.Contains(got.Detail, tc.detail) {
			t.Errorf("%s: %d %q, want %d with %q", tc.name, w.Code, got.Detail, tc.code, tc.detail)
		}
		if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s: content type %q", tc.name, ct)
		}
		if allow := w.Header().Get("Allow"); (tc.code == 405) != (allow != "") {
			t.Errorf("%s: Allow %q with %d", tc.name, allow, w.Code)
		}
	}
	if n := stored(kafka); n != 0 {
		t.Errorf("refused requests left %d likes", n)
	}
}

// A body whose length nobody announced is measured while it is read.
func TestLongBodyWithoutLength(t *testing.T) {
	kafka := broker(t)
	a := newAPI(t, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient})
	r := request("POST", "/videos/x/likes", strings.Repeat(" ", 64<<10+1))
	r.ContentLength = -1
	if w := serve(a, r); w.Code != 413 {
		t.Errorf("65537 bytes: %d, want 413", w.Code)
	}
	r = request("POST", "/videos/x/likes", strings.Repeat(" ", 64<<10))
	r.ContentLength = -1
	if w := serve(a, r); w.Code != 200 {
		t.Errorf("65536 bytes: %d, want 200", w.Code)
	}
}

// What is accepted, and the record that comes of it.
func TestLikes(t *testing.T) {
	trace := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, tc := range []struct {
		name, target string
		body         string
		headers      []string
		id, answer   string
		trace        []kgo.RecordHeader
	}{
		{name: "with a stage", target: "/dev/videos/" + cat + "/likes", id: cat, answer: `{"new video":"` + cat + `"}`},
		{name: "with another", target: "/prod/videos/" + cat + "/likes", id: cat, answer: `{"new video":"` + cat + `"}`},
		{name: "without", target: "/videos/" + cat + "/likes", id: cat, answer: `{"new video":"` + cat + `"}`},
		{name: "with a query", target: "/videos/a/likes?x=%zz", id: "a", answer: `{"new video":"a"}`},
		{name: "the page's body", target: "/videos/a/likes", body: "{}", headers: []string{"Content-Type", "application/json"}, id: "a", answer: `{"new video":"a"}`},
		{name: "a body that is no JSON", target: "/videos/a/likes", body: "{", headers: []string{"Content-Type", "application/json; charset=utf-8"}, id: "a", answer: `{"new video":"a"}`},
		{name: "a beacon", target: "/videos/a/likes", body: "x", headers: []string{"Content-Type", "text/plain;charset=UTF-8"}, id: "a", answer: `{"new video":"a"}`},
		{name: "a form", target: "/videos/a/likes", body: "a=b", headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, id: "a", answer: `{"new video":"a"}`},
		{name: "an encoded slash", target: "/videos/a%2Fb/likes", id: "a/b", answer: `{"new video":"a/b"}`},
		{name: "an encoded percent sign", target: "/videos/a%252Fb/likes", id: "a%2Fb", answer: `{"new video":"a%2Fb"}`},
		{name: "blanks, quotes and brackets", target: "/videos/%20%22%3C%5C/likes", id: ` "<\`, answer: `{"new video":" \"<\\"}`},
		{name: "a plus sign is one", target: "/videos/a+b/likes", id: "a+b", answer: `{"new video":"a+b"}`},
		{name: "dots are an id", target: "/videos/%2E%2E/likes", id: "..", answer: `{"new video":".."}`},
		{name: "another script", target: "/videos/%E7%8C%AB/likes", id: "猫", answer: `{"new video":"猫"}`},
		{name: "128 bytes", target: "/videos/" + strings.Repeat("%61", 128) + "/likes", id: strings.Repeat("a", 128), answer: `{"new video":"` + strings.Repeat("a", 128) + `"}`},
		{name: "a video called metadata", target: "/videos/metadata/likes", id: "metadata", answer: `{"new video":"metadata"}`},
		{name: "a trace", target: "/videos/a/likes", headers: []string{"traceparent", trace, "tracestate", "k=v", "x-other", "1"}, id: "a", answer: `{"new video":"a"}`,
			trace: []kgo.RecordHeader{{Key: "traceparent", Value: []byte(trace)}, {Key: "tracestate", Value: []byte("k=v")}}},
		{name: "an endless trace", target: "/videos/a/likes", headers: []string{"tracestate", strings.Repeat("x", 513)}, id: "a", answer: `{"new video":"a"}`},
	} {
		kafka := broker(t)
		a := newAPI(t, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient})
		w := serve(a, request("POST", tc.target, tc.body, tc.headers...))
		if got := body(t, w); w.Code != 200 || got != tc.answer || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: %d %s (%s), want 200 %s", tc.name, w.Code, got, w.Header().Get("Content-Type"), tc.answer)
			continue
		}
		got := records(t, kafka)
		if len(got) != 1 || string(got[0].Value) != tc.id || got[0].Key != nil {
			t.Errorf("%s: records %v, want one with the value %q and no key", tc.name, got, tc.id)
			continue
		}
		if codec := got[0].Attrs.CompressionType(); codec != 0 {
			t.Errorf("%s: compressed with codec %d, which other readers may not know", tc.name, codec)
		}
		if diff := cmp.Diff(tc.trace, got[0].Headers); diff != "" {
			t.Errorf("%s: headers (-want +got):\n%s", tc.name, diff)
		}
	}
}

// One POST is one like, also where many come at once; they are packed into few
// batches and spread over the partitions.
func TestManyAtOnce(t *testing.T) {
	kafka := broker(t)
	a := newAPI(t, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient})
	const clients, each = 32, 100
	failed := make(chan string, clients*each)
	done := make(chan struct{})
	for c := range clients {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range each {
				if w := like(a, fmt.Sprintf("video-%d-%d", c, i)); w.Code != 200 {
					failed <- w.Body.String()
				}
			}
		}()
	}
	for range clients {
		<-done
	}
	close(failed)
	for f := range failed {
		t.Errorf("a like was refused: %s", f)
	}
	seen := map[string]int{}
	partitions := map[int32]int{}
	for _, r := range records(t, kafka) {
		seen[string(r.Value)]++
		partitions[r.Partition]++
	}
	if len(seen) != clients*each {
		t.Errorf("%d videos have likes, want %d", len(seen), clients*each)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s has %d likes, want 1", id, n)
		}
	}
	if len(partitions) != 3 {
		t.Errorf("likes by partition: %v, want some in each of 3", partitions)
	}
}

func TestPreflightAndOrigins(t *testing.T) {
	const page, other = "https://page.example", "https://other.example"
	for _, tc := range []struct {
		name           string
		allowed        []string
		method, target string
		origin         string
		code           int
		origins        string // Access-Control-Allow-Origin
		methods        string // Access-Control-Allow-Methods
		vary           string
	}{
		{"all, preflight", []string{"*"}, "OPTIONS", "/dev/videos/x/likes", page, 204, "*", "POST, OPTIONS", ""},
		{"all, the list", []string{"*"}, "GET", "/dev/videos/metadata", page, 200, "*", "", ""},
		{"all, an error is readable too", []string{"*"}, "POST", "/dev/videos//likes", page, 400, "*", "", ""},
		{"all, no page", []string{"*"}, "GET", "/dev/videos/metadata", "", 200, "*", "", ""},
		{"listed, preflight", []string{page}, "OPTIONS", "/videos/metadata", page, 204, page, "GET, HEAD, OPTIONS", "Origin"},
		{"listed, the list", []string{page, other}, "GET", "/videos/metadata", other, 200, other, "", "Origin"},
		{"not listed, preflight", []string{page}, "OPTIONS", "/videos/x/likes", other, 204, "", "", "Origin"},
		{"not listed, the list", []string{page}, "GET", "/videos/metadata", other, 200, "", "", "Origin"},
		{"none", nil, "GET", "/videos/metadata", page, 200, "", "", "Origin"},
		{"preflight of nothing", []string{"*"}, "OPTIONS", "/nothing", page, 404, "*", "", ""},
	} {
		a := newAPI(t, api.Config{Brokers: []string{"127.0.0.1:1"}, Origins: tc.allowed})
		r := request(tc.method, tc.target, "")
		if tc.origin != "" {
			r.Header.Set("Origin", tc.origin)
		}
		if tc.method == "OPTIONS" {
			r.Header.Set("Access-Control-Request-Method", "POST")
		}
		w := serve(a, r)
		h := w.Header()
		got := []string{fmt.Sprint(w.Code), h.Get("Access-Control-Allow-Origin"), h.Get("Access-Control-Allow-Methods"), h.Get("Vary")}
		want := []string{fmt.Sprint(tc.code), tc.origins, tc.methods, tc.vary}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: code, origin, methods, vary (-want +got):\n%s", tc.name, diff)
		}
		if tc.methods != "" && !strings.Contains(h.Get("Access-Control-Allow-Headers"), "content-type") {
			t.Errorf("%s: the page may not send its content type: %v", tc.name, h)
		}
	}
}

func TestMetricsHaveNoIDs(t *testing.T) {
	kafka := broker(t)
	registry := prometheus.NewRegistry()
	a := newAPI(t, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient, Registerer: registry})
	like(a, "a")
	like(a, "b")
	like(a, "")
	serve(a, request("GET", "/somewhere/"+cat, ""))
	serve(a, request("GET", "/videos/metadata", ""))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	want := map[string]float64{
		"counter_api_requests_total 200 likes": 2, "counter_api_requests_total 200 metadata": 1,
		"counter_api_requests_total 400 likes": 1, "counter_api_requests_total 404 none": 1,
		"counter_api_produce_seconds": 2, "counter_api_in_flight": 0, "counter_api_clients_replaced_total": 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  api.Config
		want string
	}{
		{"a deadline of nothing", api.Config{Deadline: 1}, "at least 10ms"},
		{"nothing in flight", api.Config{InFlight: -1}, "in flight -1"},
		{"a list without videos", api.Config{Videos: []api.Video{}}, "0 videos"},
		{"an id twice", api.Config{Videos: []api.Video{{ID: "a", Title: "A"}, {ID: "a", Title: "B"}}}, "video 2 has the id of video 1"},
		{"a bad id", api.Config{Videos: []api.Video{{ID: likes.VideoID(strings.Repeat("a", 129)), Title: "A"}}}, "longer than 128"},
		{"a Kafka option that fits none", api.Config{Kafka: []kgo.Opt{kgo.TransactionalID("t")}}, "make Kafka client"},
	} {
		a, err := api.New(tc.cfg)
		if err == nil {
			a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want an error with %q", tc.name, err, tc.want)
		}
	}
}

// After Close the list is still there, and a like is refused at once. Close
// may be called again.
func TestClosed(t *testing.T) {
	kafka := broker(t)
	a := newAPI(t, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient})
	a.Close()
	w := like(a, cat)
	if text := body(t, w); w.Code != 503 || !strings.Contains(text, "shutting down") || w.Header().Get("Retry-After") == "" {
		t.Errorf("like after Close: %d %s, want 503 with Retry-After", w.Code, text)
	}
	if w := serve(a, request("GET", "/videos/metadata", "")); w.Code != 200 {
		t.Errorf("list after Close: %d, want 200", w.Code)
	}
}

// A real server in front: HEAD has the headers of GET and no body.
func TestBehindAServer(t *testing.T) {
	kafka := broker(t)
	server := httptest.NewServer(newAPI(t, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient}))
	defer server.Close()
	head, err := http.Head(server.URL + "/dev/videos/metadata")
	if err != nil {
		t.Fatal(err)
	}
	head.Body.Close()
	get, err := http.Get(server.URL + "/dev/videos/metadata")
	if err != nil {
		t.Fatal(err)
	}
	get.Body.Close()
	if head.StatusCode != 200 || head.ContentLength != get.ContentLength || head.ContentLength <= 0 {
		t.Errorf("HEAD: %d with length %d, GET has %d", head.StatusCode, head.ContentLength, get.ContentLength)
	}
	post, err := http.Post(server.URL+"/dev/videos/a%2Fb/likes", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	post.Body.Close()
	if got := records(t, kafka); post.StatusCode != 200 || len(got) != 1 || string(got[0].Value) != "a/b" {
		t.Errorf("POST: %d, records %v, want 200 and a/b", post.StatusCode, got)
	}
}
