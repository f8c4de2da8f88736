package check_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/chaos/check"
)

// The story that all tests are about: one source, one log partition, panes of a
// second. In pane 0 cat gets two likes; in pane 1 one, and one more that comes
// when pane 1 has closed and counts in pane 2, late; a bad record comes between
// them. Then silence, until the ten panes have closed.
const (
	pane  = time.Second
	grace = 100 * time.Millisecond
)

func config() check.Config {
	return check.Config{
		Topics: check.DefaultTopics(), Pane: pane, Grace: grace, Idle: time.Second, Slack: time.Second, Sources: 1, Logs: 1,
	}
}

// story is the records of all topics, to be changed by a test.
type story struct {
	records []*kgo.Record
	answers string
	seen    map[*kgo.Record]time.Time // where it is not when it was written
}

func newStory() *story {
	s := &story{seen: make(map[*kgo.Record]time.Time), answers: strings.Repeat("1 acknowledged cat\n", 4) + "1 bad 00\n"}
	names := check.DefaultTopics()
	for _, like := range []struct {
		at    int64
		value string
	}{{100, "cat"}, {200, "cat"}, {1100, "cat"}, {1300, "a\nb"}, {1900, "cat"}} {
		s.add(names.Ingestion, like.at, "", like.value)
	}
	s.add(names.Dead, 1350, "", "a\nb").Headers = []kgo.RecordHeader{
		{Key: "dead.reason", Value: []byte("control character")}, {Key: "dead.topic", Value: []byte(names.Ingestion)},
		{Key: "dead.partition", Value: []byte("0")}, {Key: "dead.offset", Value: []byte("3")},
	}
	s.add(names.Log, 300, "", batch(0, 2, 100, 0, 2))
	s.add(names.Log, 1200, "", batch(2, 3, 1000, 1, 1))
	s.add(names.Log, 2200, "", batch(3, 4, 2000, 0, 0))
	s.add(names.Log, 2300, "", batch(4, 5, 2100, 1, 1)) // late: pane 2 is the frontier
	for _, at := range []int64{3, 5, 10} {
		s.add(names.Log, at*1000+200, "", batch(5, 5, at*1000, 0, 0))
	}
	s.final(0, 1200, 0, 2, 0, 2)
	s.final(0, 2300, 1, 1, 0, 3)
	s.final(0, 3300, 2, 1, 1, 4)
	s.final(1, 5300, 0, 4, 1, 4)
	s.final(2, 10_300, 0, 4, 1, 4)
	s.add(names.Live, 10_300, "cat", `{"video_uid":"cat","total":4,"windows":{"1min":{},"5min":{},"10min":{}}}`)
	s.add(names.Changelog, 10_300, "cat", "\x01\x04\x04\x07\x00"+"\x01\x01"+"\x01\x00"+"\x02\x00")
	return s
}

func (s *story) add(topic string, at int64, key, value string) *kgo.Record {
	offset := int64(0)
	for _, r := range s.records {
		if r.Topic == topic {
			offset++
		}
	}
	r := &kgo.Record{Topic: topic, Offset: offset, Timestamp: time.UnixMilli(at), Key: []byte(key), Value: []byte(value), ProducerID: 1}
	if topic == check.DefaultTopics().Ingestion {
		appendTime(r)
	}
	s.records = append(s.records, r)
	return r
}

// final adds a final record: the row of the window, when it was written, its
// first pane, and what it says.
func (s *story) final(window int, at, first int64, count, late, total int) *kgo.Record {
	names, panes := [...]string{"1min", "5min", "10min"}, [...]int64{1, 5, 10}
	start := func(p int64) string { return time.UnixMilli(p * pane.Milliseconds()).UTC().Format(time.RFC3339Nano) }
	return s.add(check.DefaultTopics().Finals[window], at, "cat", fmt.Sprintf(
		`{"type":%q,"video_uid":"cat","count":%d,"window_start":%q,"window_end":%q,"late":%d,"total":%d}`,
		names[window], count, start(first), start(first+panes[window]), late, total))
}

// find is the n-th record of a topic.
func (s *story) find(topic string, n int) *kgo.Record {
	for _, r := range s.records {
		if r.Topic == topic {
			if n--; n < 0 {
				return r
			}
		}
	}
	panic("no such record")
}

func (s *story) drop(gone *kgo.Record) {
	for i, r := range s.records {
		if r == gone {
			s.records = append(s.records[:i:i], s.records[i+1:]...)
			return
		}
	}
}

// batch encodes a record of the log: source offsets, watermark, and likes of
// cat in a pane.
func batch(from, to uint64, watermark, p int64, likes uint64) string {
	b := []byte{1, 1}
	for _, v := range []uint64{uint64(pane.Milliseconds()), 0, 1, from, to} {
		b = binary.AppendUvarint(b, v)
	}
	b = binary.AppendVarint(b, watermark)
	if likes > 0 {
		b = binary.AppendVarint(b, p)
		b = append(b, "\x03cat"...)
		b = binary.AppendUvarint(b, likes)
		b = append(b, 0)
	}
	return string(b)
}

// judge has the story judged, and returns the lines that do not hold.
func (s *story) judge(t *testing.T) (violated, said string) {
	t.Helper()
	l := check.New(config())
	for _, r := range s.records {
		seen := r.Timestamp
		if at, otherwise := s.seen[r]; otherwise {
			seen = at
		}
		l.Add(r, seen)
	}
	answers, err := check.ReadAnswers(strings.NewReader(s.answers))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	hold := l.Judge(&out, answers, time.UnixMilli(1500))
	for _, line := range strings.Split(out.String(), "\n") {
		if name, _, is := strings.Cut(line, " VIOLATED"); is {
			violated += name + " "
		}
	}
	if hold != (violated == "") {
		t.Errorf("Judge: got %v, with %q violated", hold, violated)
	}
	return strings.TrimSpace(violated), out.String()
}

// appendTime says that the broker gave the record its time.
func appendTime(r *kgo.Record) { r.Attrs = kgo.NewRecordAttrs(kgo.RecordAttrsOpts{TimestampType: 1}) }
