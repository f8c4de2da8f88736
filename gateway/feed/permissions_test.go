package feed_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// To read the topics is all that a gateway must be allowed. The topic that it
// may not read is named, and nothing has to be started again when it may, or
// when that was taken away for a while.
func TestPermissions(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		w.running("cat", 1, 1)
		f, stop := w.feed()
		defer stop()
		time.Sleep(10 * time.Second)
		want := "list topic " + w.topics.Aggregations[1] + ": TOPIC_AUTHORIZATION_FAILED"
		if got := w.unready(); !strings.Contains(got, want) {
			t.Errorf("not ready: %q, want it to say %q", got, want)
		}
		w.permit(w.topics.Aggregations[1])
		time.Sleep(5 * time.Second)
		if got := w.unready(); got != "" {
			t.Errorf("not ready: %q, want ready with all permissions", got)
		}
		w.forbid(w.topics.Aggregations[1])
		time.Sleep(10 * time.Second)
		w.permit(w.topics.Aggregations[1])
		w.running("cat", 2, 2)
		time.Sleep(5 * time.Second)
		if v := f.Video("cat"); v.Total() != 2 {
			t.Errorf("total %d, want 2", v.Total())
		}
		if got := w.lines("Kafka is back"); got != 1 {
			t.Errorf("%d lines that Kafka is back, want 1: %q", got, w.said)
		}
	}, guarded(kmsg.ACLOperationRead, "video_likes_live", "video_aggregations_1", "video_aggregations_10")...)
}

// A topic that may be seen and not read is told of once, however often it is
// tried.
func TestReadingThatOnlyFailsIsToldOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create()
		w.running("cat", 1, 1)
		f, stop := w.feed()
		defer stop()
		time.Sleep(30 * time.Second)
		if got := w.lines("reading counts is interrupted"); got != 1 {
			t.Errorf("%d lines that reading is interrupted, want 1: %q", got, w.said)
		}
		for _, topic := range append(w.topics.Aggregations[:], w.topics.Live) {
			w.permit(topic)
		}
		time.Sleep(5 * time.Second)
		if v := f.Video("cat"); v.Total() != 1 || w.unready() != "" {
			t.Errorf("total %d, not ready: %q; want 1 and ready with all permissions", v.Total(), w.unready())
		}
	}, guarded(kmsg.ACLOperationDescribe, "video_likes_live", "video_aggregations_1", "video_aggregations_5", "video_aggregations_10")...)
}

// guarded is a Kafka on which a gateway may do one thing, with some topics.
func guarded(may kmsg.ACLOperation, topics ...string) []kfake.Opt {
	acls := make([]kfake.ACL, len(topics))
	for i, topic := range topics {
		acls[i] = kfake.ACL{Resource: kmsg.ACLResourceTypeTopic, Name: topic,
			Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: may, Allow: true}
	}
	return []kfake.Opt{kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "admin", "admin"),
		kfake.User("PLAIN", "gateway", "gateway", acls...)}
}

func (w *world) permit(topic string) {
	w.Helper()
	req := kmsg.NewPtrCreateACLsRequest()
	c := kmsg.NewCreateACLsRequestCreation()
	c.ResourceType, c.ResourceName, c.ResourcePatternType = kmsg.ACLResourceTypeTopic, topic, kmsg.ACLResourcePatternTypeLiteral
	c.Principal, c.Host, c.Operation, c.PermissionType = "User:gateway", "*", kmsg.ACLOperationRead, kmsg.ACLPermissionTypeAllow
	req.Creations = append(req.Creations, c)
	if _, err := req.RequestWith(w.Context(), w.client); err != nil {
		w.Fatal(err)
	}
}

func (w *world) forbid(topic string) {
	w.Helper()
	req := kmsg.NewPtrDeleteACLsRequest()
	d := kmsg.NewDeleteACLsRequestFilter()
	d.ResourceType, d.ResourceName, d.ResourcePatternType = kmsg.ACLResourceTypeTopic, &topic, kmsg.ACLResourcePatternTypeLiteral
	d.Operation, d.PermissionType = kmsg.ACLOperationRead, kmsg.ACLPermissionTypeAllow
	req.Filters = append(req.Filters, d)
	if _, err := req.RequestWith(w.Context(), w.client); err != nil {
		w.Fatal(err)
	}
}
