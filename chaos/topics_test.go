package chaos_test

import (
	"strconv"
	"time"

	"github.com/google/go-cmp/cmp"

	"distributed-counter/chaos/check"
)

// checkTopics holds the topics as the processors created them against what the
// documentation promises of them.
func (w *world) checkTopics() {
	w.Helper()
	names := check.DefaultTopics()
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	const mebi = 1 << 20
	mib := func(n int) string { return strconv.Itoa(n * mebi) }
	internal := map[string]string{"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "message.timestamp.type": "CreateTime"}
	with := func(base map[string]string, key, value string) map[string]string {
		all := map[string]string{key: value}
		for k, v := range base {
			all[k] = v
		}
		return all
	}
	final := map[string]string{"cleanup.policy": "delete", "retention.ms": ms(7 * 24 * time.Hour)}
	for _, c := range []struct {
		topic      string
		partitions int
		settings   map[string]string
	}{
		{names.Ingestion, 3, map[string]string{"cleanup.policy": "delete", "retention.ms": ms(24 * time.Hour), "message.timestamp.type": "LogAppendTime"}},
		{names.Log, 3, with(internal, "segment.bytes", mib(64))},
		{names.Positions, 3, with(internal, "segment.bytes", mib(1))},
		{names.Changelog, 3, map[string]string{"cleanup.policy": "compact", "segment.bytes": mib(64), "min.cleanable.dirty.ratio": "0.3", "delete.retention.ms": ms(10 * time.Minute)}},
		{names.Live, 3, map[string]string{"cleanup.policy": "compact", "segment.bytes": mib(16), "segment.ms": ms(time.Minute), "min.cleanable.dirty.ratio": "0.1",
			"delete.retention.ms": ms(10 * time.Minute)}},
		{names.Dead, 1, map[string]string{"cleanup.policy": "delete", "retention.ms": ms(14 * 24 * time.Hour), "max.message.bytes": mib(2)}},
		{names.Finals[0], 1, final},
		{names.Finals[1], 1, final},
		{names.Finals[2], 1, final},
	} {
		listed, err := w.admin.ListTopics(w.Context(), c.topic)
		if err != nil {
			w.Fatal(err)
		}
		if got := len(listed[c.topic].Partitions); got != c.partitions {
			w.Errorf("topic %s: %d partitions, want %d", c.topic, got, c.partitions)
		}
		described, err := w.admin.DescribeTopicConfigs(w.Context(), c.topic)
		if err != nil {
			w.Fatal(err)
		}
		got := make(map[string]string)
		for _, s := range described[0].Configs {
			if _, named := c.settings[s.Key]; named {
				got[s.Key] = s.MaybeValue()
			}
		}
		if diff := cmp.Diff(c.settings, got); diff != "" {
			w.Errorf("topic %s (-want +got):\n%s", c.topic, diff)
		}
	}
}
