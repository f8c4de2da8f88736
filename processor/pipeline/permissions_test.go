package pipeline_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"distributed-counter/likes"
	"distributed-counter/processor/pipeline"
)

// parts is a Health that remembers.
type parts struct {
	mu  sync.Mutex
	bad map[string]error
}

func (p *parts) Set(part string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bad == nil {
		p.bad = make(map[string]error)
	}
	p.bad[part] = err
}

// of is why a part is not ready; empty when it is.
func (p *parts) of(part string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.bad[part]; err != nil {
		return err.Error()
	}
	return ""
}

func (p *parts) ready() bool {
	return p.of("kafka") == "" && p.of("partition") == "" && p.of("count") == ""
}

// lines is a log that several goroutines write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// with counts the lines that contain a text.
func (l *lines) with(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// A permission that is missing is named, in the log and in readyz, and nothing
// has to be started again once it is there.
func TestPermissions(t *testing.T) {
	topics := likes.DefaultTopics()
	for _, tc := range []struct {
		name    string
		missing func(kfake.ACL) bool
		topics  bool   // are there already
		part    string // that is not ready; empty where all are
		want    string // in the reason
		told    int    // lines of the log about it
	}{
		{name: "none", missing: func(kfake.ACL) bool { return false }},
		{name: "to create topics that are there", topics: true,
			missing: func(a kfake.ACL) bool { return a.Operation == kmsg.ACLOperationCreate }},
		{name: "to create a topic", part: "kafka", want: "create topic video_likes_live: TOPIC_AUTHORIZATION_FAILED", told: 1,
			missing: func(a kfake.ACL) bool { return a.Name == topics.Live && a.Operation == kmsg.ACLOperationCreate }},
		{name: "to see a topic", part: "kafka", want: "list topic video_likes_live: TOPIC_AUTHORIZATION_FAILED", told: 1,
			missing: func(a kfake.ACL) bool { return a.Name == topics.Live && a.Operation == kmsg.ACLOperationWrite }},
		{name: "to see a topic's configuration", part: "kafka", want: "describe topic video_clicks_dead: TOPIC_AUTHORIZATION_FAILED", told: 1,
			missing: func(a kfake.ACL) bool {
				return a.Name == topics.Dead && a.Operation == kmsg.ACLOperationDescribeConfigs
			}},
		{name: "to join the group", part: "partition", want: "joining the group: GROUP_AUTHORIZATION_FAILED", told: 1,
			missing: func(a kfake.ACL) bool { return a.Resource == kmsg.ACLResourceTypeGroup && a.Name == "g" }},
		{name: "to fence", part: "count", want: "begins again and again: fence video_clicks_partitioned-changelog/", told: 3,
			missing: func(a kfake.ACL) bool { return a.Name == topics.Changelog+"/" }},
		{name: "to write what comes after the fence", part: "partition", want: "not committed: video_clicks_partitioned/", told: 3,
			missing: func(a kfake.ACL) bool { return a.Name == topics.Log && a.Operation == kmsg.ACLOperationWrite }},
		{name: "to read what comes after the fence", part: "count", want: "begins again and again: read video_clicks_partitioned/", told: 3,
			missing: func(a kfake.ACL) bool { return a.Name == topics.Log && a.Operation == kmsg.ACLOperationRead }},
		{name: "to delete what is of no use any more", told: 2,
			missing: func(a kfake.ACL) bool { return a.Operation == kmsg.ACLOperationDelete }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				missing, given := split(permissions(), tc.missing)
				cfg, admin := guarded(t, given)
				health, log := new(parts), new(lines)
				cfg.Health, cfg.Log = health, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
				if tc.topics {
					createTopics(t, admin)
				}
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- pipeline.Run(ctx, cfg) }()
				time.Sleep(15 * time.Second)
				said := false // some attempts fail otherwise: kfake ends transactions in two steps
				reason := ""
				for range 300 {
					time.Sleep(100 * time.Millisecond)
					reason = health.of(tc.part)
					said = said || strings.Contains(reason, tc.want)
					if ready := health.ready(); ready != (tc.part == "") {
						t.Fatalf("ready: %v; not well: %v", ready, health.bad)
					}
				}
				if !said {
					t.Errorf("%s is not ready: %q, want it to say %q at times", tc.part, reason, tc.want)
				}
				if got := log.with("AUTHORIZATION_FAILED"); got != tc.told {
					t.Errorf("%d lines tell of it, want %d", got, tc.told)
				}
				grant(t, admin, missing)
				time.Sleep(10 * time.Second)
				if !health.ready() {
					t.Errorf("not ready with all permissions: %v", health.bad)
				}
				stop()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Growth that the topic of positions may not follow is told once, and made up
// for when it may.
func TestGrowthThatIsNotAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		missing, given := split(permissions(), func(a kfake.ACL) bool { return a.Operation == kmsg.ACLOperationAlter })
		cfg, admin := guarded(t, given)
		health, log := new(parts), new(lines)
		cfg.Health, cfg.Log = health, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- pipeline.Run(ctx, cfg) }()
		time.Sleep(10 * time.Second)
		topics, cl := likes.DefaultTopics(), kadm.NewClient(admin)
		if _, err := cl.UpdatePartitions(ctx, 5, topics.Ingestion); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		if got := log.with("has grown"); got != 1 {
			t.Errorf("%d lines that it has grown, want 1", got)
		}
		grant(t, admin, missing)
		time.Sleep(10 * time.Second)
		listed, err := cl.ListTopics(ctx, topics.Positions)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(listed[topics.Positions].Partitions); got != 5 {
			t.Errorf("%d partitions of positions, want 5", got)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
