package check_test

import (
	"strings"
	"testing"
	"time"

	"distributed-counter/chaos/check"
)

func TestJudge(t *testing.T) {
	names := check.DefaultTopics()
	replace := func(s *story, topic string, n int, from, to string) {
		r := s.find(topic, n)
		changed := strings.Replace(string(r.Value), from, to, 1)
		if changed == string(r.Value) {
			t.Fatalf("%s has no %q", r.Value, from)
		}
		r.Value = []byte(changed)
	}
	for _, c := range []struct {
		name string
		do   func(s *story)
		want string // what is violated
	}{
		{"all is well", func(s *story) {}, ""},
		{"an unknown like that counts", func(s *story) { s.answers = strings.Replace(s.answers, "acknowledged", "unknown", 1) }, ""},
		{"an unknown like that does not", func(s *story) { s.answers += "1 unknown cat\n" }, ""},
		{"a refused like", func(s *story) { s.answers += "1 refused cat\n" }, ""},

		{"an acknowledged like that is lost", func(s *story) { s.answers += "1 acknowledged cat\n" }, "I1"},
		{"a refused like that counts", func(s *story) { s.answers = strings.Replace(s.answers, "acknowledged", "refused", 1) }, "I1"},
		{"no like at all", func(s *story) { s.records, s.answers = nil, "" }, "I1 I4 I5"},

		{"a window too few", func(s *story) { s.drop(s.find(names.Finals[1], 0)) }, "I2 I5"},
		{"a count too high", func(s *story) { replace(s, names.Finals[0], 0, `"count":2`, `"count":3`) }, "I1 I2 I5"},

		{"a second final record", func(s *story) { s.final(0, 1250, 0, 2, 0, 2) }, "I3"},
		{"another one that contradicts", func(s *story) { s.final(2, 10_400, 0, 3, 0, 3) }, "I3"},

		{"final before the grace is over", func(s *story) { s.find(names.Finals[0], 0).Timestamp = time.UnixMilli(1050) }, "I4"},
		{"final before it was due", func(s *story) { s.find(names.Finals[0], 0).Timestamp = time.UnixMilli(1150) }, "I4"},
		{"final too late", func(s *story) { s.seen[s.find(names.Finals[0], 1)] = time.UnixMilli(4200) }, "I4"},
		{"too late, but before all was calm", func(s *story) { s.seen[s.find(names.Finals[0], 0)] = time.UnixMilli(4200) }, ""},

		{"a gap in the log", func(s *story) { s.drop(s.find(names.Log, 1)) }, "I4 I5"},
		{"the log twice", func(s *story) { s.add(names.Log, 10_250, "", batch(4, 5, 2100, 1, 1)) }, "I5"},
		{"a wrong late", func(s *story) { replace(s, names.Finals[0], 2, `"late":1`, `"late":0`) }, "I5"},
		{"a wrong total", func(s *story) { replace(s, names.Finals[0], 1, `"total":3`, `"total":4`) }, "I5"},
		{"a like that never reached the log", func(s *story) {
			appendTime(s.add(names.Ingestion, 9000, "", "cat"))
		}, "I5"},
		{"a changelog behind", func(s *story) { replace(s, names.Changelog, 0, "\x04\x04", "\x03\x04") }, "I5"},
		{"a stale running count", func(s *story) { replace(s, names.Live, 0, `"total":4`, `"total":3`) }, "I5"},
		{"a running count that falls", func(s *story) {
			s.add(names.Live, 10_400, "cat", strings.Replace(string(s.find(names.Live, 0).Value), "4", "3", 1))
		}, "I5"},
		{"a window that nobody liked", func(s *story) { s.final(0, 9000, 7, 1, 0, 4) }, "I1 I2 I4 I5"},

		{"a dead letter too few", func(s *story) { s.drop(s.find(names.Dead, 0)) }, "I6"},
		{"a dead letter twice", func(s *story) { s.add(names.Dead, 1360, "", "a\nb").Headers = s.find(names.Dead, 0).Headers }, "I6"},
		{"other bytes", func(s *story) { replace(s, names.Dead, 0, "a\nb", "a b") }, "I6"},
		{"no reason", func(s *story) { r := s.find(names.Dead, 0); r.Headers = r.Headers[1:] }, "I6"},
		{"a like as a dead letter", func(s *story) { s.find(names.Dead, 0).Headers[3].Value = []byte("2") }, "I6"},
		{"a bad record that is lost", func(s *story) { s.answers += "1 bad 01\n" }, "I6"},

		{"a zombie's write", func(s *story) {
			s.add(names.Positions, 1, "\x00b", "")
			s.add(names.Positions, 2, "\x00b", "").ProducerEpoch = 2
			s.add(names.Positions, 3, "\x00p", "").ProducerEpoch = 1
		}, "owner"},
		{"a zombie that was never fenced", func(s *story) {
			s.add(names.Positions, 1, "\x00b", "")
			s.add(names.Positions, 2, "\x00b", "").ProducerID = 2
			s.add(names.Positions, 3, "\x00p", "")
		}, "owner"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStory()
			c.do(s)
			if got, said := s.judge(t); got != c.want {
				t.Errorf("violated: got %q, want %q\n%s", got, c.want, said)
			}
		})
	}
}
