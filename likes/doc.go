// Package likes holds the words that every part of the counter shares: what a
// video id is, which windows are counted, how an instant becomes a pane, what
// the topics are called and how the public records look.
//
// It hides the bytes of the public topics: whoever writes or reads a final
// count or a running count does it through [Final] and [Live]. It imports the
// standard library only, so that a Lambda of a few megabytes and a cgo program
// speak the same language.
package likes
