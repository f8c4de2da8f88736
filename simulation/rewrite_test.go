package simulation_test

import (
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// written is a record on its way to the broker.
type written struct {
	topic     string
	partition int32
	key       []byte
	value     []byte // may be replaced
}

// rewrite shows the records of a produce request, batch by batch, to change,
// which may set their values and says whether it did.
func (w *world) rewrite(f *frame, change func(batch []*written) bool) {
	if f.key != kmsg.Produce.Int16() {
		return
	}
	req := f.request().(*kmsg.ProduceRequest)
	changed := false
	for i := range req.Topics {
		name := w.topicName(req.Topics[i])
		for j := range req.Topics[i].Partitions {
			p := &req.Topics[i].Partitions[j]
			batch, records := parseRecords(p.Records)
			shown := make([]*written, len(records))
			for k := range records {
				shown[k] = &written{name, p.Partition, records[k].Key, records[k].Value}
			}
			if !change(shown) {
				continue
			}
			changed = true
			for k := range records {
				records[k].Value = shown[k].value
			}
			p.Records = encodeRecords(batch, records)
		}
	}
	if changed {
		f.replace(req)
	}
}

func parseRecords(raw []byte) (kmsg.RecordBatch, []kmsg.Record) {
	var batch kmsg.RecordBatch
	if err := batch.ReadFrom(raw); err != nil {
		panic("simulation: a batch that nobody can read: " + err.Error())
	}
	records := make([]kmsg.Record, batch.NumRecords)
	rest := batch.Records
	for i := range records {
		length, n := kbin.Varint(rest)
		size := n + int(length)
		if err := records[i].ReadFrom(rest[:size]); err != nil {
			panic("simulation: a record that nobody can read: " + err.Error())
		}
		rest = rest[size:]
	}
	return batch, records
}

func encodeRecords(batch kmsg.RecordBatch, records []kmsg.Record) []byte {
	batch.Records = nil
	for i := range records {
		r := &records[i]
		r.Length = 0
		r.Length = int32(len(r.AppendTo(nil)) - 1) // a length of 0 takes one byte
		batch.Records = r.AppendTo(batch.Records)
	}
	raw := batch.AppendTo(nil)
	const untilLength, untilCRC, afterCRC = 8 + 4, 8 + 4 + 4 + 1, 8 + 4 + 4 + 1 + 4
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-untilLength))
	binary.BigEndian.PutUint32(raw[untilCRC:], crc32.Checksum(raw[afterCRC:], crc32.MakeTable(crc32.Castagnoli)))
	return raw
}

// otherID gives a request another transactional id, where it has one of COUNT.
func otherID(f *frame, changelog, suffix string) {
	if !f.of("count") {
		return
	}
	own := func(id string) bool { return strings.HasPrefix(id, changelog+"/") }
	switch req := f.request().(type) {
	case *kmsg.InitProducerIDRequest:
		if req.TransactionalID != nil && own(*req.TransactionalID) {
			*req.TransactionalID += suffix
			f.replace(req)
		}
	case *kmsg.ProduceRequest:
		if req.TransactionID != nil && own(*req.TransactionID) {
			*req.TransactionID += suffix
			f.replace(req)
		}
	case *kmsg.AddPartitionsToTxnRequest:
		if own(req.TransactionalID) {
			req.TransactionalID += suffix
			f.replace(req)
		}
	case *kmsg.EndTxnRequest:
		if own(req.TransactionalID) {
			req.TransactionalID += suffix
			f.replace(req)
		}
	}
}
