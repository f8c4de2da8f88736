package pipeline

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// slab gives out memory for a part's records: their structs and bytes, a chunk
// at a time instead of one by one.
type slab struct {
	records []kgo.Record
	bytes   []byte
}

// slabBytes is the size, in bytes, of a chunk.
const slabBytes = 256 << 10

// maxOutput is more than any output record needs, in bytes: ids are short, even
// with every byte escaped.
const maxOutput = 2 << 10

// room is an empty slice to append one record's key or value to; keep takes
// what was appended.
func (s *slab) room() []byte {
	if cap(s.bytes)-len(s.bytes) < maxOutput {
		s.bytes = make([]byte, 0, slabBytes)
	}
	return s.bytes[len(s.bytes):len(s.bytes)]
}

func (s *slab) keep(b []byte) []byte {
	s.bytes = s.bytes[:len(s.bytes)+len(b)]
	return b[:len(b):len(b)]
}

func (s *slab) record() *kgo.Record {
	if len(s.records) == 0 {
		s.records = make([]kgo.Record, 1024)
	}
	r := &s.records[0]
	s.records = s.records[1:]
	return r
}

// partRecords are the records of a part: final counts, changelog, running
// counts, and the position last.
func (c *countRun) partRecords(part *window.Part) []*kgo.Record {
	cfg := c.w.cfg
	var s slab
	var e likes.Encoder
	records := make([]*kgo.Record, 0, part.Records())
	add := func(topic string, partition int32, id string, value []byte) {
		r := s.record()
		r.Topic, r.Partition, r.Value = topic, partition, s.keep(value)
		r.Key = s.keep(append(s.room(), id...))
		records = append(records, r)
	}
	var spans [len(likes.Windows)]likes.Final // all but the video is the same for all of a window
	for i, w := range likes.Windows {
		spans[i] = likes.Final{
			Type:  w.Name,
			Start: w.First(part.Pane).Start(cfg.Pane),
			End:   (part.Pane + 1).Start(cfg.Pane),
		}
	}
	for i := range part.Finals {
		f := &part.Finals[i]
		out := &spans[f.Window]
		out.Video, out.Count, out.Late, out.Total = likes.VideoID(f.ID), f.Count.Likes, f.Count.Late, f.Total
		partition := int32(0)
		if n := cfg.OutputPartitions[f.Window]; n > 1 {
			partition = int32(likes.Partition([]byte(f.ID), n))
		}
		add(cfg.Topics.Aggregations[f.Window], partition, f.ID, e.Final(s.room(), out))
	}
	for i := range part.Values {
		v := &part.Values[i]
		add(cfg.Topics.Changelog, c.partition, v.ID, v.Video.Append(s.room()))
	}
	records = c.liveRecords(records, part.Live)
	return append(records, &kgo.Record{
		Topic: cfg.Topics.Changelog, Partition: c.partition,
		Key: positionKey, Value: part.Position.Append(nil),
	})
}

// liveRecords appends the records of running counts.
func (c *countRun) liveRecords(records []*kgo.Record, running []window.Running) []*kgo.Record {
	cfg := c.w.cfg
	var s slab
	var e likes.Encoder
	live := likes.Live{AsOf: time.Now()}
	for i := range running {
		r := &running[i]
		live.Video, live.Total = likes.VideoID(r.ID), r.Total
		for j, w := range likes.Windows {
			first := w.First(r.Pane)
			live.Windows[j] = likes.Running{
				Start: first.Start(cfg.Pane),
				End:   (first + likes.Pane(w.Panes)).Start(cfg.Pane),
				Count: r.Counts[j],
			}
		}
		rec := s.record()
		rec.Topic, rec.Partition = cfg.Topics.Live, c.partition
		rec.Value = s.keep(e.Live(s.room(), &live))
		rec.Key = s.keep(append(s.room(), r.ID...))
		records = append(records, rec)
	}
	c.w.metrics.announced.Add(float64(len(running)))
	return records
}
