package api_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"distributed-counter/functions/api"
	"distributed-counter/likes"
)

// Whatever is sent, these hold while Kafka is up:
//
//   - no panic, no 5xx, a status that the package comment lists;
//   - an error is a problem in JSON with its own status; 405 has Allow;
//   - 200 to a POST names a good id, and is a like in Kafka; nothing else is.
func checkAnswer(t *testing.T, method string, w *httptest.ResponseRecorder) (liked bool) {
	t.Helper()
	text := w.Body.String()
	switch w.Code {
	case 200:
		var answer struct {
			ID string `json:"new video"`
		}
		if method != http.MethodPost {
			return false
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil || likes.CheckVideoID([]byte(answer.ID)) != nil {
			t.Errorf("200 %q: error %v, want the id of a video", text, err)
		}
		return true
	case 204:
		if method != http.MethodOptions || text != "" {
			t.Errorf("204 to %s with the body %q", method, text)
		}
	case 400, 404, 405, 413, 415:
		var p struct {
			Status int
			Detail string
		}
		if err := json.Unmarshal([]byte(text), &p); method != http.MethodHead && (err != nil || p.Status != w.Code || p.Detail == "") {
			t.Errorf("%d %q: error %v, want a problem", w.Code, text, err)
		}
		if (w.Code == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%d with Allow %q", w.Code, w.Header().Get("Allow"))
		}
	default:
		t.Errorf("%s is answered %d %s", method, w.Code, text)
	}
	return false
}

// fuzzRequest is a request with any path: as a server would make it where it
// parses, else with the text as the decoded path.
func fuzzRequest(method, path, contentType, content string) *http.Request {
	r := &http.Request{Method: method, URL: &url.URL{Path: path}, Header: http.Header{},
		ContentLength: int64(len(content)), Body: http.NoBody, Host: "localhost"}
	if u, err := url.ParseRequestURI(path); err == nil {
		r.URL = u
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if content != "" {
		r.Body = io.NopCloser(strings.NewReader(content))
	}
	return r
}

func FuzzAPI(f *testing.F) {
	for _, seed := range [][4]string{
		{"POST", "/dev/videos/" + cat + "/likes", "application/json", "{}"},
		{"POST", "/videos/a%2Fb/likes", "", ""},
		{"GET", "/dev/videos/metadata", "", ""},
		{"OPTIONS", "/videos/x/likes", "", ""},
		{"POST", "/videos/" + strings.Repeat("x", 3000) + "/likes", "text/plain", "x"},
		{"HEAD", "//videos/%zz/likes", ";", "\x00"},
		{"POST", "*", "multipart/form-data; boundary=x", ""},
		{"", "", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	kafka := broker(f, kfake.BlackholeProduce())
	a := newAPI(f, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient, Origins: []string{"https://page.example"}})
	f.Fuzz(func(t *testing.T, method, path, contentType, content string) {
		checkAnswer(t, method, serve(a, fuzzRequest(method, path, contentType, content)))
	})
}

// patient lets a busy machine be slow: these tests are not about time.
const patient = time.Minute

// What random requests are made of: most of it is nearly right.
var (
	methods  = []string{"POST", "POST", "POST", "POST", "POST", "POST", "GET", "HEAD", "OPTIONS", "PUT", "TRACE", "like"}
	types    = []string{"", "", "", "application/json", "application/json", "text/plain", "image/png", "a/b/c", "\xff"}
	contents = []string{"", "", "{}", "{}", "{", "\x00", strings.Repeat("x", 70_000)}
	stages   = []string{"", "", "", "/dev", "/dev", "/prod", "/test", "/", "dev"}
	folders  = []string{"/videos/", "/videos/", "/videos/", "/videos/", "/videos/", "/videos", "/video/", "//videos/"}
	tails    = []string{"/likes", "/likes", "/likes", "/likes", "/likes", "/metadata", "", "/", "/likes/", "/Likes"}
	ids      = []string{cat, cat, cat, "a", "b", "%61", "%2F", "%25", "%2e%2e", "猫", "a b", "a;b", "a+b", strings.Repeat("x", 128),
		"..", "", "%00", "%FF", "%zz", "%", "a?b", "a#b", "metadata", strings.Repeat("x", 129), strings.Repeat("x", 3000), strings.Repeat("%0A", 1000)}
)

// A hundred thousand random requests. The seed is fixed: a failure repeats.
func TestAHundredThousandRandomRequests(t *testing.T) {
	const total, clients = 100_000, 64
	kafka := broker(t)
	a := newAPI(t, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient})
	liked := make(chan int, clients)
	for c := range clients {
		go func() {
			random, n := rand.New(rand.NewPCG(1, uint64(c))), 0
			for range total / clients {
				method := pick(random, methods)
				r := fuzzRequest(method, randomPath(random), pick(random, types), pick(random, contents))
				if checkAnswer(t, method, serve(a, r)) {
					n++
				}
			}
			liked <- n
		}()
	}
	want := 0
	for range clients {
		want += <-liked
	}
	if got := stored(kafka); got != want || want < total/20 {
		t.Errorf("%d likes in Kafka, want %d, and that at least %d", got, want, total/20)
	}
}

func pick(random *rand.Rand, of []string) string { return of[random.IntN(len(of))] }

// randomPath is often a good path; at times a byte is in it that was never
// meant to be there.
func randomPath(random *rand.Rand) string {
	path := pick(random, stages) + pick(random, folders) + pick(random, ids) + pick(random, tails)
	if random.IntN(20) == 0 {
		at := random.IntN(len(path) + 1)
		path = path[:at] + string([]byte{byte(random.IntN(256))}) + path[at:]
	}
	return path
}
