package main_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const cat = "93f98662-8907-4f43-bb4c-280501481046"

// withPath is an event for another path, in the member that its version has
// it in; stage is that of the gateway, where it is not empty.
func withPath(path, stage string) func(map[string]any) {
	return func(e map[string]any) {
		context := e["requestContext"].(map[string]any)
		if e["version"] == "2.0" {
			e["rawPath"] = path
			context["http"].(map[string]any)["path"] = path
		} else {
			e["path"] = path
		}
		if stage != "" {
			context["stage"] = stage
		}
	}
}

func withMethod(method, path string) func(map[string]any) {
	return func(e map[string]any) {
		withPath(path, "")(e)
		if e["version"] == "2.0" {
			e["requestContext"].(map[string]any)["http"].(map[string]any)["method"] = method
		} else {
			e["httpMethod"] = method
		}
	}
}

func (a answer) header(name string) string {
	if v := a.MultiValueHeaders[name]; len(v) > 0 {
		return v[0]
	}
	return a.Headers[name]
}

// The binary as Lambda runs it: events of both gateways, with and without the
// stage in the path.
func TestLambda(t *testing.T) {
	kafka, lambda := broker(t), newRuntime(t)
	p := start(t, lambda.environ("KAFKA_BROKERS="+kafka.ListenAddrs()[0], "COUNTER_API_ORIGINS=https://page.example",
		"COUNTER_API_DEADLINE=25s", "COUNTER_GRACE=40s")...)
	want := map[string]int{}
	for _, tc := range []struct {
		name   string
		file   string
		change func(map[string]any)
		code   int
		body   string // a part
		liked  string // the id that has one like more
	}{
		{"REST", "v1-like.json", nil, 200, `{"new video":"` + cat + `"}`, cat},
		{"REST with the stage", "v1-like.json", withPath("/dev/videos/a/likes", ""), 200, `"a"`, "a"},
		{"REST, a stage called videos", "v1-like.json", withPath("/videos/a/likes", "videos"), 200, `"a"`, "a"},
		{"HTTP with the stage", "v2-like.json", nil, 200, `{"new video":"` + cat + `"}`, cat},
		{"HTTP with a stage that no setting names", "v2-like.json", withPath("/blue/videos/a/likes", "blue"), 200, `"a"`, "a"},
		{"HTTP with the default stage", "v2-like.json", withPath("/videos/a/likes", "$default"), 200, `"a"`, "a"},
		{"HTTP with the path in its other place", "v2-like.json", func(e map[string]any) { delete(e, "rawPath") }, 200, cat, cat},
		{"another stage than the gateway's", "v2-like.json", withPath("/green/videos/a/likes", "blue"), 404, "stage", ""},

		// Ids.
		{"encoded, REST", "v1-like.json", withPath("/videos/a%2Fb%20c/likes", ""), 200, `"a/b c"`, "a/b c"},
		{"encoded, HTTP", "v2-like.json", withPath("/dev/videos/a%2Fb%20c/likes", ""), 200, `"a/b c"`, "a/b c"},
		{"decoded by the gateway, REST", "v1-like.json", withPath("/videos/100% cats? #1/likes", ""), 200, `"100% cats? #1"`, "100% cats? #1"},
		{"decoded by the gateway, HTTP", "v2-like.json", withPath("/dev/videos/猫 ?/likes", ""), 200, `"猫 ?"`, "猫 ?"},
		{"a line feed, decoded", "v1-like.json", withPath("/videos/a\nb/likes", ""), 400, "control character", ""},
		{"3000 characters", "v2-like.json", withPath("/dev/videos/"+strings.Repeat("a", 3000)+"/likes", ""), 400, "3000", ""},

		// The rest of a request.
		{"a query that is none", "v2-like.json", func(e map[string]any) { e["rawQueryString"] = "\n%zz" }, 200, cat, cat},
		{"a body in base64", "v1-like.json", func(e map[string]any) { e["body"], e["isBase64Encoded"] = "e30=", true }, 200, cat, cat},
		{"no body", "v1-like.json", func(e map[string]any) { e["body"] = nil }, 200, cat, cat},
		{"a long body", "v2-like.json", func(e map[string]any) { e["body"] = strings.Repeat(" ", 65_537) }, 413, "65536", ""},
		{"GET of a like, REST", "v1-like.json", withMethod("GET", "/videos/a/likes"), 405, "POST", ""},
		{"the list, REST", "v1-like.json", withMethod("GET", "/videos/metadata"), 200, "Faust rocks", ""},
		{"the list, HTTP", "v2-like.json", withMethod("GET", "/dev/videos/metadata"), 200, "Faust rocks", ""},
		{"the list's head", "v2-like.json", withMethod("HEAD", "/dev/videos/metadata"), 200, "", ""},
		{"preflight", "v2-like.json", withMethod("OPTIONS", "/dev/videos/a/likes"), 204, "", ""},
	} {
		a := lambda.invoke(tc.name, event(t, tc.file, tc.change), time.Minute)
		if a.failed != "" || a.StatusCode != tc.code || !strings.Contains(a.Body, tc.body) || tc.body == "" && a.Body != "" {
			t.Errorf("%s: %d %s, error %q; want %d with %q", tc.name, a.StatusCode, a.Body, a.failed, tc.code, tc.body)
		}
		if got := a.header("Access-Control-Allow-Origin"); got != "https://page.example" {
			t.Errorf("%s: allowed origin %q, want that of the page", tc.name, got)
		}
		if tc.liked != "" {
			want[tc.liked]++
		}
	}
	if diff := cmp.Diff(want, likesIn(t, kafka)); diff != "" {
		t.Errorf("likes in Kafka (-want +got):\n%s", diff)
	}
	if code := p.exit(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code after SIGTERM: %d, want 0", code)
	}
}

// What comes from no API Gateway is an error of its invocation, and the next
// event is answered.
func TestLambdaOtherEvents(t *testing.T) {
	kafka, lambda := broker(t), newRuntime(t)
	start(t, lambda.environ("KAFKA_BROKERS="+kafka.ListenAddrs()[0], "COUNTER_API_DEADLINE=25s", "COUNTER_GRACE=40s")...)
	for _, text := range []string{`{"source":"aws.events"}`, `{}`, `[]`, `null`, `"x"`, `{"version":"2.0"}`, `{"version":"2.0","headers":[]}`,
		`{"httpMethod":"POST","isBase64Encoded":true,"body":"!"}`, `{"httpMethod":"PO ST"}`} {
		if a := lambda.invoke("other", []byte(text), time.Minute); a.failed == "" && a.StatusCode != 404 {
			t.Errorf("%s is answered %d %s, want an error or 404", text, a.StatusCode, a.Body)
		}
	}
	if a := lambda.invoke("good", event(t, "v1-like.json", nil), time.Minute); a.StatusCode != 200 {
		t.Errorf("the next event: %d %s, error %q; want 200", a.StatusCode, a.Body, a.failed)
	}
}

// Without Kafka: 503 before the invocation's own deadline, the list all the
// same, and a log line that has the invocation's id.
func TestLambdaWithoutKafka(t *testing.T) {
	lambda := newRuntime(t)
	p := start(t, lambda.environ("KAFKA_BROKERS=127.0.0.1:1", "COUNTER_API_DEADLINE=25s", "COUNTER_GRACE=40s")...)
	if a := lambda.invoke("list", event(t, "v1-like.json", withMethod("GET", "/videos/metadata")), time.Minute); a.StatusCode != 200 {
		t.Errorf("the list: %d, error %q; want 200", a.StatusCode, a.failed)
	}
	begun := time.Now()
	a := lambda.invoke("the-invocation", event(t, "v2-like.json", nil), 3*time.Second)
	if a.StatusCode != 503 || a.header("Retry-After") == "" || !strings.Contains(a.Body, "send it again later") {
		t.Errorf("a like: %d %s, Retry-After %q, error %q; want 503 with Retry-After", a.StatusCode, a.Body, a.header("Retry-After"), a.failed)
	}
	if took := time.Since(begun); took > 20*time.Second { // it is the invocation's deadline that counts, not the setting
		t.Errorf("the answer took %s with 3s left", took)
	}
	if id := field(t, p.line(`"msg":"likes are refused"`), "request_id"); id != "the-invocation" {
		t.Errorf("request id in the log: %q, want that of the invocation", id)
	}
}
