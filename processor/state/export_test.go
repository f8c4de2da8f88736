package state

import (
	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// What tests from outside see of the bytes.

// Seal is the batch as it is handed over, for a store whose oldest rows are of
// this pane.
func Seal(b *Batch, oldest likes.Pane) []byte {
	rep, _ := b.seal(oldest)
	return rep
}

type Change struct {
	Kind       byte
	Key, Value string
}

func ParseBatch(rep []byte) ([]Change, error) {
	changes, err := parseBatch(rep)
	var all []Change
	for _, c := range changes {
		all = append(all, Change{c.kind, string(c.key), string(c.value)})
	}
	return all, err
}

func AppendChange(rep []byte, c Change) []byte {
	return appendRecord(rep, c.Kind, []byte(c.Key), []byte(c.Value))
}

// ParseRows are the rows of a block.
func ParseRows(key, value []byte) ([]window.Row, error) {
	var r blockReader
	err := r.begin(key, value)
	var rows []window.Row
	for err == nil {
		if rows = append(rows, r.row); !r.more() {
			break
		}
		err = r.next()
	}
	return rows, err
}

// SkipRows is how many rows of a block come after an id.
func SkipRows(key, value []byte, after string) (int, error) {
	var r blockReader
	n, err := 0, r.skip(key, value, after)
	for ; err == nil && r.more(); n++ {
		err = r.next()
	}
	return n, err
}

var (
	AppendRow     = appendRow
	AppendNextRow = appendNextRow
	AppendRowKey  = appendRowKey
	AfterPane     = afterPane
	AfterID       = afterID
	ReadHead      = readHead
	ParseVideo    = parseVideo

	BlockChecksum = blockChecksum
	CheckTable    = checkTable
	ErrTable      = errTable
)
