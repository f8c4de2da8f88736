package simulation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// ingestion is the second half of I5: the log, and with it the outputs, are
// what was put into the ingestion topic.
func (c *court) ingestion(finals map[span]count) {
	own := make(map[string]map[int64]uint64)
	totals := make(map[string]uint64)
	for _, r := range c.sight.topic(c.w.topics.Ingestion) {
		if reasonAgainst(r.Value) != "" {
			continue
		}
		v := string(r.Value)
		if own[v] == nil {
			own[v] = make(map[int64]uint64)
		}
		totals[v]++
		own[v][paneOf(r.Timestamp.UnixMilli(), c.w.plan.pane)]++
	}
	for v, n := range totals {
		t := c.oracle.videos[v]
		if t == nil || t.total() != n {
			c.fault("I5: %d likes of %q were taken in, the log has %+v", n, v, t)
			continue
		}
		if !strings.HasPrefix(v, "comet-") && !maps.Equal(own[v], t.own) {
			c.fault("I5: likes of %q by the pane of their event time: taken in %v, in the log %v", v, own[v], t.own)
		}
	}
	for win, f := range finals {
		if strings.HasPrefix(win.video, "comet-") {
			continue // their event time is the processor's clock
		}
		var n uint64
		for p := win.first; p < win.first+win.panes; p++ {
			n += own[win.video][p]
		}
		if f.likes-f.late > n || win.panes == 1 && f.late == 0 && c.onTime(win) && f.likes != n {
			c.fault("I5: %v counts %d likes, %d of them late; %d were taken in with an event time in it", win, f.likes, f.late, n)
		}
	}
}

// onTime says whether no like of a 1-minute window went to a later one.
func (c *court) onTime(win span) bool {
	t := c.oracle.videos[win.video]
	return t.own[win.first] == t.counted[win.first]-t.late[win.first]
}

// reasonAgainst is why a value is no like: "" if it is one.
func reasonAgainst(value []byte) string {
	switch {
	case len(value) == 0:
		return "empty"
	case len(value) > 128:
		return "longer"
	case strings.ToValidUTF8(string(value), "") != string(value):
		return "not UTF-8"
	case strings.ContainsFunc(string(value), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }):
		return "control character"
	}
	return ""
}

// dead is I6: exactly the records that are no likes, byte for byte.
func (c *court) dead() {
	letters := make(map[string]*seen)
	for _, r := range c.sight.topic(c.w.topics.Dead) {
		where := header(r.Headers, "dead.topic") + "/" + header(r.Headers, "dead.partition") + "@" + header(r.Headers, "dead.offset")
		if letters[where] != nil {
			c.fault("I6: two dead letters for %s", where)
		}
		letters[where] = r
	}
	sent := 0
	for _, r := range c.sight.topic(c.w.topics.Ingestion) {
		reason := reasonAgainst(r.Value)
		if reason == "" {
			continue
		}
		sent++
		where := fmt.Sprintf("%s/%d@%d", r.Topic, r.Partition, r.Offset)
		d := letters[where]
		delete(letters, where)
		switch {
		case d == nil:
			c.fault("I6: no dead letter for %s, which is no like: %s", where, reason)
		case !bytes.Equal(d.Value, r.Value) || (d.Value == nil) != (r.Value == nil) || !bytes.Equal(d.Key, r.Key):
			c.fault("I6: the dead letter of %s is %.40q with key %q, it was %.40q with key %q", where, d.Value, d.Key, r.Value, r.Key)
		case !strings.Contains(header(d.Headers, "dead.reason"), reason) || header(d.Headers, "from") != header(r.Headers, "from") ||
			header(d.Headers, "dead.timestamp") != strconv.FormatInt(r.Timestamp.UnixMilli(), 10):
			c.fault("I6: the dead letter of %s has headers %q, expected the reason %q", where, d.Headers, reason)
		}
	}
	for where := range letters {
		c.fault("I6: a dead letter for %s, where there is a like or nothing", where)
	}
	if sent < c.w.crowd.bad {
		c.fault("I6: %d bad records were acknowledged, the ingestion topic has %d", c.w.crowd.bad, sent)
	}
	c.w.tally.addN("dead letters", sent)
}

func header(headers []kgo.RecordHeader, key string) string {
	for _, h := range headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// running holds the running counts against the likes that had been taken in,
// and against what the windows were worth in the end.
func (c *court) running() {
	last := make(map[string]uint64)
	for _, r := range c.sight.topic(c.w.topics.Live) {
		var live struct {
			Video   string `json:"video_uid"`
			Total   uint64 `json:"total"`
			Windows map[string]struct {
				Start, End time.Time
				Count      uint64
			} `json:"windows"`
		}
		if err := json.Unmarshal(r.Value, &live); err != nil || live.Video != string(r.Key) {
			c.fault("running counts %q with key %q: %v", r.Value, r.Key, err)
			continue
		}
		t := c.oracle.videos[live.Video]
		if t == nil {
			c.fault("running counts of %q, which nobody likes", live.Video)
			continue
		}
		if live.Total < last[live.Video] {
			c.fault("the running total of %q goes back from %d to %d", live.Video, last[live.Video], live.Total)
		}
		last[live.Video] = live.Total
		if live.Total > t.total() {
			c.fault("the running total of %q is %d, but it was liked %d times", live.Video, live.Total, t.total())
		}
		for name, win := range live.Windows {
			if most := t.windowCount(paneOf(win.Start.UnixMilli(), c.w.plan.pane), panesOf[name]); win.Count > most {
				c.fault("the running %s count of %q from %v is %d, more than the %d that it came to", name, live.Video, win.Start, win.Count, most)
			}
		}
	}
	for v, t := range c.oracle.videos {
		if last[v] != t.total() {
			c.fault("the last running total of %q is %d, want %d", v, last[v], t.total())
		}
	}
}
