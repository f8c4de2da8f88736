// Package show shows counts to people: as a table that changes in place on a
// terminal ([Table]), as a line per record ([Line]), or as a line per window
// ([Windows]). What it shows it reads from the public topics, as anybody could.
//
// It hides how wide a terminal is, what a video id may do to it, and Kafka.
package show
