package proxy

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// request is what the proxy knows of a request while it has no answer.
type request struct {
	key, version int16
	client       string // client id
	id           string // transactional id, of the three requests that are looked at
	writer       writer // of Produce and EndTxn
	commit       bool   // an EndTxn that commits
	final        bool   // a Produce that carries final counts

	late  bool   // sent after its writer was fenced
	fault *Fault // that this request's answer is lost by
}

// writer is a producer id and its epoch.
type writer struct {
	id    int64
	epoch int16
}

const (
	produce = int16(kmsg.Produce)
	initID  = int16(kmsg.InitProducerID)
	endTxn  = int16(kmsg.EndTxn)
)

// parseRequest reads a request's header, and the body where it is one of the
// three.
//
//	length int32 · key int16 · version int16 · correlation int32 ·
//	client id: length int16, bytes · tags, in flexible versions · body
func parseRequest(frame []byte) (request, error) {
	if len(frame) < 14 {
		return request{}, errFrame
	}
	r := request{key: int16(binary.BigEndian.Uint16(frame[4:])), version: int16(binary.BigEndian.Uint16(frame[6:]))}
	if r.key != produce && r.key != initID && r.key != endTxn {
		return r, nil
	}
	body := frame[14:]
	if n := int16(binary.BigEndian.Uint16(frame[12:])); n >= 0 {
		if int(n) > len(body) {
			return r, errFrame
		}
		r.client, body = string(body[:n]), body[n:]
	}
	msg := kmsg.RequestForKey(r.key)
	msg.SetVersion(r.version)
	if msg.IsFlexible() {
		if len(body) == 0 || body[0] != 0 {
			return r, fmt.Errorf("%w: tags in a request's header", errFrame)
		}
		body = body[1:]
	}
	if err := msg.ReadFrom(body); err != nil {
		return r, fmt.Errorf("request %d version %d: %w", r.key, r.version, err)
	}
	r.take(msg)
	return r, nil
}

func (r *request) take(msg kmsg.Request) {
	switch m := msg.(type) {
	case *kmsg.ProduceRequest:
		if m.TransactionID == nil {
			return
		}
		r.id = *m.TransactionID
		for _, t := range m.Topics {
			for _, p := range t.Partitions {
				const id, epoch = 43, 51 // where a record batch has them
				if len(p.Records) >= epoch+2 {
					r.writer.id = int64(binary.BigEndian.Uint64(p.Records[id:]))
					r.writer.epoch = int16(binary.BigEndian.Uint16(p.Records[epoch:]))
				}
				// Public records are not compressed, and running counts have
				// no member of this name.
				r.final = r.final || bytes.Contains(p.Records, []byte(`"window_start"`))
			}
		}
	case *kmsg.InitProducerIDRequest:
		if m.TransactionalID != nil {
			r.id = *m.TransactionalID
		}
	case *kmsg.EndTxnRequest:
		r.id = m.TransactionalID
		r.writer = writer{m.ProducerID, m.ProducerEpoch}
		r.commit = m.Commit
	}
}

// parseAnswer reads the answer to one of the three; nil where it is another's.
func parseAnswer(r *request, frame []byte) kmsg.Response {
	if r.id == "" {
		return nil
	}
	msg := kmsg.ResponseForKey(r.key)
	msg.SetVersion(r.version)
	body := frame[8:]
	if msg.IsFlexible() && len(body) > 0 {
		body = body[1:]
	}
	if msg.ReadFrom(body) != nil {
		return nil
	}
	return msg
}

// accepted says whether the broker has taken anything of a write.
func accepted(answer kmsg.Response) bool {
	switch m := answer.(type) {
	case *kmsg.ProduceResponse:
		for _, t := range m.Topics {
			for _, p := range t.Partitions {
				if p.ErrorCode == 0 {
					return true
				}
			}
		}
	case *kmsg.EndTxnResponse:
		return m.ErrorCode == 0
	}
	return false
}
