package pipeline

import (
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// maxDeadBytes bounds the dead letters that wait for a transaction.
	maxDeadBytes = 4 << 20
	// maxLetter is the size of what one of them may keep of its record: the
	// rest of maxDead is for the headers that say why it is dead.
	maxLetter = maxDead - 16<<10
)

// bury makes a dead letter of a record that is no like: its bytes unchanged,
// with the reason and where it was. Its timestamp is kept in a header only,
// since a broker may refuse it in a record. Compressed, a record can come in
// that is larger than any topic takes as it is: of that the value's beginning
// is kept, since a letter that cannot be sent would hold up all likes after it.
func (r *partitionRun) bury(rec *kgo.Record, reason error) {
	r.w.metrics.dead.Inc()
	letter := &kgo.Record{Topic: r.w.cfg.Topics.Dead, Key: rec.Key, Value: rec.Value, Headers: rec.Headers[:len(rec.Headers):len(rec.Headers)]}
	if size := letterBytes(letter); size > maxLetter {
		letter.Key, letter.Value = nil, slices.Clone(rec.Value[:min(len(rec.Value), maxLetter/2)])
		letter.Headers = []kgo.RecordHeader{{Key: "dead.cut", Value: strconv.AppendInt(nil, int64(size), 10)}}
	}
	letter.Headers = append(letter.Headers,
		kgo.RecordHeader{Key: "dead.reason", Value: []byte(reason.Error())},
		kgo.RecordHeader{Key: "dead.topic", Value: []byte(rec.Topic)},
		kgo.RecordHeader{Key: "dead.partition", Value: strconv.AppendInt(nil, int64(rec.Partition), 10)},
		kgo.RecordHeader{Key: "dead.offset", Value: strconv.AppendInt(nil, rec.Offset, 10)},
		kgo.RecordHeader{Key: "dead.timestamp", Value: strconv.AppendInt(nil, rec.Timestamp.UnixMilli(), 10)},
	)
	r.dead = append(r.dead, letter)
	r.deadBytes += letterBytes(letter)
}

// letterBytes is about what a record takes in memory, which is more than in a
// batch: an empty one is not for nothing, nor are headers.
func letterBytes(rec *kgo.Record) int {
	const record, header = 256, 64
	n := record + len(rec.Key) + len(rec.Value)
	for _, h := range rec.Headers {
		n += header + len(h.Key) + len(h.Value)
	}
	return n
}
