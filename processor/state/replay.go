package state

import (
	"encoding/binary"
	"errors"
)

var errBatch = errors.New("corrupt batch")

// change is one record of a batch. Its slices lie in the batch.
type change struct {
	kind  byte
	key   []byte
	value []byte // of a put; of a range deletion, the key it ends before
}

// parseBatch reads the encoding that [Batch] draws, all of it, as RocksDB
// does: only the records that a Batch has are known.
func parseBatch(rep []byte) ([]change, error) {
	if len(rep) < batchHeader {
		return nil, errBatch
	}
	n := int(binary.LittleEndian.Uint32(rep[8:]))
	rep = rep[batchHeader:]
	changes := make([]change, 0, min(n, len(rep)/2))
	for range n {
		if len(rep) == 0 {
			return nil, errBatch
		}
		c := change{kind: rep[0]}
		ok := true
		if c.key, rep, ok = cutBytes(rep[1:]); !ok {
			return nil, errBatch
		}
		switch c.kind {
		case recordDelete:
		case recordPut, recordDeleteRange:
			if c.value, rep, ok = cutBytes(rep); !ok {
				return nil, errBatch
			}
		default:
			return nil, errBatch
		}
		changes = append(changes, c)
	}
	if len(rep) > 0 {
		return nil, errBatch
	}
	return changes, nil
}

// cutBytes takes a uvarint length and as many bytes off the front.
func cutBytes(rep []byte) (b, rest []byte, ok bool) {
	length, n := binary.Uvarint(rep)
	if n <= 0 || length > uint64(len(rep)-n) {
		return nil, nil, false
	}
	rep = rep[n:]
	return rep[:length:length], rep[length:], true
}
