// Package window counts: it is the core of the processor, a state machine that
// is stepped. It is told what happened (a batch of the log was read, a
// publication was committed), reads what has been published through [Table],
// and answers with what must be written and what may be announced, as data.
//
// It hides how likes become panes, panes become windows, and windows become
// due; what must be known to do all that again after a crash; and the bytes of
// the internal records. There is no I/O, clock, goroutine or logger in it, and
// an answer that is dropped has changed nothing.
//
// Both stages are here. [Source] is PARTITION's: it sums the likes of one
// ingestion partition and keeps its watermark. [Counter] is COUNT's: it folds
// one partition of the log. What travels between them is a [Batch].
package window
