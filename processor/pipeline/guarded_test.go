package pipeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"distributed-counter/likes"
	"distributed-counter/processor/pipeline"
)

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
