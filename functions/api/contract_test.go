package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"distributed-counter/functions/api"
	"distributed-counter/likes"
)

// What the original API got wrong, and our users must never see. Each test
// quotes a line of the contract.

// "new random ids on each call"
func TestTheListHasTheSameIDsOnEachCall(t *testing.T) {
	want := `[{"unique_identifier":"93f98662-8907-4f43-bb4c-280501481046","title":"Stream processing made simple"},` +
		`{"unique_identifier":"69e7266c-753e-4ed3-b7fc-9035133a293f","title":"Faust rocks"},` +
		`{"unique_identifier":"00000000-0000-4000-8000-000000000001","title":"How to create distributed counter"}]`
	for range 2 { // two processes
		a := newAPI(t, api.Config{Brokers: []string{"127.0.0.1:1"}})
		for _, path := range []string{"/dev/videos/metadata", "/videos/metadata", "/prod/videos/metadata"} {
			w := serve(a, request("GET", path, ""))
			if got := body(t, w); w.Code != 200 || got != want {
				t.Errorf("GET %s: %d %s, want %s", path, w.Code, got, want)
			}
			if ct := w.Header().Get("Content-Type"); ct != "application/json; charset=utf-8" {
				t.Errorf("GET %s: content type %q", path, ct)
			}
		}
	}
}

// "any text accepted as an id, 3000 characters too"
func TestNotAnyTextIsAnID(t *testing.T) {
	kafka := broker(t)
	a := newAPI(t, api.Config{Brokers: kafka.ListenAddrs(), Deadline: patient})
	for _, id := range []string{
		strings.Repeat("a", 3000), strings.Repeat("%61", 3000), strings.Repeat("%2F", 129),
		"%00", "a%0D%0Ab", "%FF%FE", "%7F", "",
	} {
		if w := like(a, id); w.Code != 400 {
			t.Errorf("an id of %d characters, %.20q: %d, want 400", len(id), id, w.Code)
		}
	}
	if n := stored(kafka); n != 0 {
		t.Errorf("%d records in the topic, want none", n)
	}
}

// "200 before Kafka has the like"
func TestNo200BeforeKafkaHasTheLike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		kafka := w.start(topic)
		w.hang(kafka, time.Second)
		for i := range 3 {
			got, took := w.like("a")
			if got.Code != 200 || took < time.Second || stored(kafka) != i+1 {
				t.Errorf("like %d: %d after %s with %d in Kafka, want 200 after at least 1s with %d",
					i+1, got.Code, took, stored(kafka), i+1)
			}
		}
	})
	for _, refusal := range []*kerr.Error{kerr.NotEnoughReplicas, kerr.TopicAuthorizationFailed, kerr.InvalidRecord, kerr.KafkaStorageError} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, nil)
			kafka := w.start(topic)
			kafka.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: refusal, Count: -1})
			got, took := w.like("a")
			unavailable(t, got, took, "later")
			if n := stored(kafka); n != 0 {
				t.Errorf("%s: %d likes in Kafka, want none", refusal.Message, n)
			}
		})
	}
}

// "does not start without Kafka (the list must be served anyway)"
func TestStartsWithoutKafkaAndServesTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		list := func() int { return serve(w.api, request(http.MethodGet, "/dev/videos/metadata", "")).Code }
		if code := list(); code != 200 {
			t.Errorf("the list without Kafka: %d, want 200", code)
		}
		got, took := w.like("a")
		unavailable(t, got, took, "send it again later")
		w.start(topic)
		time.Sleep(time.Millisecond)
		if got, took := w.like("b"); got.Code != 200 || took > deadline {
			t.Errorf("a like once Kafka is there: %d after %s, want 200", got.Code, took)
		}
		if code := list(); code != 200 {
			t.Errorf("the list with Kafka: %d, want 200", code)
		}
	})
}

// "another list by setting (a JSON file)", checked at the start.
func TestListFromAFile(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "videos.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	videos, err := api.ReadVideos(write(`[{"unique_identifier":"a/b","title":"Cats & <dogs>","more":1}]`))
	if diff := cmp.Diff([]api.Video{{ID: "a/b", Title: "Cats & <dogs>"}}, videos); err != nil || diff != "" {
		t.Fatalf("ReadVideos: error %v (-want +got):\n%s", err, diff)
	}
	a := newAPI(t, api.Config{Brokers: []string{"127.0.0.1:1"}, Videos: videos})
	if got := body(t, serve(a, request("GET", "/videos/metadata", ""))); got != `[{"unique_identifier":"a/b","title":"Cats & <dogs>"}]` {
		t.Errorf("the list: %s", got)
	}
	long, err := json.Marshal([]api.Video{{ID: "a", Title: strings.Repeat("x", 1<<20)}})
	if err != nil {
		t.Fatal(err)
	}
	many := make([]api.Video, 1001)
	for i := range many {
		many[i] = api.Video{ID: likes.VideoID(strings.Repeat("a", i%128+1)), Title: "A"}
	}
	tooMany, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"no JSON", `videos`, `expected [{"unique_identifier"`},
		{"no list", `{"unique_identifier":"a","title":"A"}`, `expected [{"unique_identifier"`},
		{"an empty list", `[]`, "0 videos"},
		{"too many", string(tooMany), "1001 videos"},
		{"too long", string(long), "longer than 1048576 bytes"},
		{"no id", `[{"title":"A"}]`, "video 1: empty video id"},
		{"a control character", `[{"unique_identifier":"a\n","title":"A"}]`, "video 1: control character"},
		{"no title", `[{"unique_identifier":"a"}]`, "title of video 1"},
		{"an id twice", `[{"unique_identifier":"a","title":"A"},{"unique_identifier":"a","title":"B"}]`, "video 2 has the id of video 1"},
	} {
		if _, err := api.ReadVideos(write(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want an error with %q", tc.name, err, tc.want)
		}
	}
	if _, err := api.ReadVideos(filepath.Join(t.TempDir(), "none.json")); err == nil || !strings.Contains(err.Error(), "none.json") {
		t.Errorf("no file: %v, want an error that names it", err)
	}
}
