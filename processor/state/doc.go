// Package state keeps what one COUNT task has published of its log partition,
// on disk in RocksDB ([Shared.Open]) or, for simulations and tests, in memory
// ([Disk]). Both take the same batches, and one suite (package statetest)
// holds both to the same behaviour.
//
// It hides RocksDB: how it is tuned, what its errors mean, which memory is
// C's, and the bytes below. It is the only package that needs cgo.
//
// # What survives
//
// Kafka is the log, so RocksDB keeps none of its own. A batch is visible at
// once and whole or not at all; after a crash the store is as it was after one
// of its batches, perhaps an earlier one, and its [Head] says which. What was
// applied since is read from the changelog again: at most about twice
// [Config.WriteBufferBytes], since more than that is always on disk. [Store]'s
// Close writes everything, so that a clean restart reads nothing again.
//
// A store is a copy. One that is damaged, or that another version of this
// program wrote, is reported as [ErrDamaged]; the caller destroys it and
// restores it from the changelog.
//
// There is damage at which RocksDB ends the process instead of returning an
// error. What of that is known is looked for before each opening (tables.go);
// against the rest there is a mark in the directory (mark.go): a store whose
// process ended while it was open is read whole before it is believed, and one
// whose process ended at that is damaged. A process that is killed pays with
// one reading of its stores, not with a restore.
//
// # Layout
//
// There is one column family, because only within one is a batch atomic
// without RocksDB's own log. Keys begin with a tag:
//
//	'c'                  → byte version, 2; uvarint next changelog offset
//	'p'                  → the position, as window.Position.Append writes it;
//	                       absent where none is known
//	'r' pane[8] video id → a block of rows of one pane, in ascending order of
//	                       their ids, the first of which is in the key:
//	                       uvarint likes; uvarint late; uvarint lifetime total
//	                       as of the end of the pane; and so on for each next
//	                       row, with uvarint length and bytes of its id before
//	'v' video id         → the video, as window.Video.Append writes it
//
// A pane is a 64-bit big-endian number with its sign bit flipped, so that the
// order of the bytes is the order of the panes, also before 1970; and a
// pane's rows lie side by side in the order of the ids' bytes. A leader, who
// publishes videos in just that order, packs rows into blocks; a follower, who
// sees them in the changelog's order, writes each as a block of its own, and
// only those that no leader had packed here before: the ids in a block are
// less than the first of the next. The version
// counts for all of the layout; every batch writes it anew, so a store that
// holds anything has it.
package state
