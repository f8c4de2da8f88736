package window

import "distributed-counter/likes"

// Table is what has been published of one log partition, as the counter looks
// it up: the store behind it. It is read by the goroutine that steps the
// counter, and does not change between a question and the use of its answer.
type Table interface {
	// Videos sets videos[i] to what is published of ids[i], the zero Video
	// where that is nothing. ids are in ascending order, without repetition;
	// the slices have the same length.
	Videos(ids []string, videos []Video) error
	// Pane is the published counts of pane p, one of the last ten, for ids
	// greater than after, in ascending order of the id's bytes. The caller
	// closes them.
	Pane(p likes.Pane, after string) Rows
}

// Rows are the counts of one pane, read once from first to last.
type Rows interface {
	// Next steps to the first or next row; false at the end or at an error.
	Next() bool
	// Row is the row stepped to. Its ID is valid until the next call of Next
	// or Close.
	Row() Row
	// Close frees what the rows hold, and is the error that ended them.
	Close() error
}

// Row is the published count of one video in one pane.
type Row struct {
	ID    []byte
	Count Count
	Total uint64 // lifetime total as of the end of the pane
}
