package pipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

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

const allowed = kmsg.ACLPermissionTypeAllow

func permit(kind kmsg.ACLResourceType, name string, ops ...kmsg.ACLOperation) []kfake.ACL {
	var acls []kfake.ACL
	for _, op := range ops {
		acl := kfake.ACL{Resource: kind, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: op, Allow: true}
		if strings.HasSuffix(name, "/") {
			acl.Pattern = kmsg.ACLResourcePatternTypePrefixed
		}
		acls = append(acls, acl)
	}
	return acls
}

// permissions are those that docs/running.md says a processor needs.
func permissions() []kfake.ACL {
	const (
		topic, group, id      = kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeTransactionalId
		read, write, del, alt = kmsg.ACLOperationRead, kmsg.ACLOperationWrite, kmsg.ACLOperationDelete, kmsg.ACLOperationAlter
	)
	t := likes.DefaultTopics()
	acls := slices.Concat(
		permit(topic, t.Ingestion, read), permit(topic, t.Positions, read, write, del, alt),
		permit(topic, t.Log, read, write, del), permit(topic, t.Changelog, read, write),
		permit(topic, t.Live, write), permit(topic, t.Dead, write),
		permit(group, "g", read), permit(group, "g-count", read),
		permit(id, t.Positions+"/", write), permit(id, t.Changelog+"/", write),
	)
	for _, name := range t.Aggregations {
		acls = append(acls, permit(topic, name, write)...)
	}
	for _, name := range append([]string{t.Ingestion, t.Positions, t.Log, t.Changelog, t.Live, t.Dead}, t.Aggregations[:]...) {
		acls = append(acls, permit(topic, name, kmsg.ACLOperationCreate, kmsg.ACLOperationDescribeConfigs)...)
	}
	return acls
}

func user(name string) kgo.Opt {
	return kgo.SASL(plain.Auth{User: name, Pass: name}.AsMechanism())
}

// grant adds permissions of the processor.
func grant(t *testing.T, admin *kgo.Client, acls []kfake.ACL) {
	t.Helper()
	req := kmsg.NewPtrCreateACLsRequest()
	for _, a := range acls {
		c := kmsg.NewCreateACLsRequestCreation()
		c.ResourceType, c.ResourceName, c.ResourcePatternType = a.Resource, a.Name, a.Pattern
		c.Principal, c.Host, c.Operation, c.PermissionType = "User:processor", "*", a.Operation, allowed
		req.Creations = append(req.Creations, c)
	}
	if _, err := req.RequestWith(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
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
				time.Sleep(45 * time.Second)
				if tc.part == "" && !health.ready() {
					t.Errorf("not ready: %v", health.bad)
				}
				if got := health.of(tc.part); !strings.Contains(got, tc.want) {
					t.Errorf("%s is not ready: %q, want it to say %q", tc.part, got, tc.want)
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

func split(acls []kfake.ACL, missing func(kfake.ACL) bool) (out, in []kfake.ACL) {
	for _, a := range acls {
		if missing(a) {
			out = append(out, a)
		} else {
			in = append(in, a)
		}
	}
	return out, in
}

// guarded is broker with an authorizer: the processor is given permissions, and
// admin may do everything.
func guarded(t *testing.T, given []kfake.ACL) (cfg pipeline.Config, admin *kgo.Client) {
	t.Helper()
	cfg, net := brokersWith(t, []kfake.Opt{kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("PLAIN", "admin", "admin"), kfake.User("PLAIN", "processor", "processor", given...)}, 9092)
	cfg.Client = append(cfg.Client, user("processor"))
	admin, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.Dialer(net.DialContext), user("admin"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return cfg, admin
}

// createTopics makes what a processor would make, as another user.
func createTopics(t *testing.T, admin *kgo.Client) {
	t.Helper()
	topics := likes.DefaultTopics()
	req := kmsg.NewPtrCreateTopicsRequest()
	add := func(name string, partitions int32, config map[string]string) {
		r := kmsg.NewCreateTopicsRequestTopic()
		r.Topic, r.NumPartitions, r.ReplicationFactor = name, partitions, 1
		for k, v := range config {
			c := kmsg.NewCreateTopicsRequestTopicConfig()
			c.Name, c.Value = k, &v
			r.Configs = append(r.Configs, c)
		}
		req.Topics = append(req.Topics, r)
	}
	compacted := map[string]string{"cleanup.policy": "compact"}
	add(topics.Ingestion, 3, nil)
	add(topics.Positions, 3, nil)
	add(topics.Log, 3, nil)
	add(topics.Changelog, 3, compacted)
	add(topics.Live, 3, compacted)
	add(topics.Dead, 1, map[string]string{"max.message.bytes": fmt.Sprint(2 << 20)})
	for _, name := range topics.Aggregations {
		add(name, 1, nil)
	}
	resp, err := req.RequestWith(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resp.Topics {
		if r.ErrorCode != 0 {
			t.Fatalf("create %s: error %d", r.Topic, r.ErrorCode)
		}
	}
}
