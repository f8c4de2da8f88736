package state

import "distributed-counter/likes"

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

var (
	AppendRow    = appendRow
	ParseRow     = parseRow
	AppendRowKey = appendRowKey
	AfterPane    = afterPane
	AfterID      = afterID
	ReadHead     = readHead
	ParseVideo   = parseVideo

	BlockChecksum = blockChecksum
	CheckTable    = checkTable
	ErrTable      = errTable
)
