package likes

import (
	"encoding/json"
	"fmt"
	"time"
)

// Final is the value of a record in an aggregations topic: how many likes a
// video got in one window. There is at most one per video and window, ever,
// written after the window's close; none for a window without likes. Its key
// is the video id.
//
//	{"type":"1min","video_uid":"…","count":12,
//	 "window_start":"2026-11-22T10:04:00Z","window_end":"2026-11-22T10:05:00Z",
//	 "late":0,"total":3456}
//
// The first three members, in this order, are what the original programs
// write; their readers ignore the rest.
type Final struct {
	Type  string    `json:"type"` // a Window's Name
	Video VideoID   `json:"video_uid"`
	Count uint64    `json:"count"` // at least 1
	Start time.Time `json:"window_start"`
	End   time.Time `json:"window_end"` // exclusive
	// Late is how many of Count belong, by their event time, to an earlier
	// window that had closed before they came.
	Late uint64 `json:"late"`
	// Total is the video's lifetime total as of this close: all likes in
	// panes up to and including the window's last.
	Total uint64 `json:"total"`
}

// Append appends the record's JSON to dst. It allocates nothing where dst has
// room.
func (f *Final) Append(dst []byte) []byte {
	var e Encoder
	return e.Final(dst, f)
}

// ParseFinal reads the value of a record of an aggregations topic. Members it
// does not know are ignored.
func ParseFinal(value []byte) (Final, error) {
	var f Final
	if err := json.Unmarshal(value, &f); err != nil {
		return Final{}, fmt.Errorf("parse final count: %w", err)
	}
	return f, nil
}

// Live is the value of a record in the running-counts topic: what is known of
// a video now, as absolute values, so that repeating one does no harm and the
// newest replaces all before it. Its key is the video id; order is the
// partition's.
//
//	{"video_uid":"…","total":3461,"windows":{
//	  "1min":{"start":"…","end":"…","count":5},
//	  "5min":{…},"10min":{…}},"as_of":"…"}
type Live struct {
	Video VideoID
	Total uint64
	// Windows are the windows that the newest pane lies in, in the order of
	// the table [Windows]. Once a window's End has passed, its count is 0:
	// nobody announces that.
	Windows [len(Windows)]Running
	// AsOf is the clock of the processor that wrote the record, for people.
	AsOf time.Time
}

// Running is the count so far of a window that may still be open.
type Running struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"` // exclusive
	Count uint64    `json:"count"`
}

// Append appends the record's JSON to dst. It allocates nothing where dst has
// room.
func (l *Live) Append(dst []byte) []byte {
	var e Encoder
	return e.Live(dst, l)
}

// ParseLive reads the value of a record of the running-counts topic. Members
// and windows it does not know are ignored.
func ParseLive(value []byte) (Live, error) {
	var v struct {
		Video   VideoID            `json:"video_uid"`
		Total   uint64             `json:"total"`
		Windows map[string]Running `json:"windows"`
		AsOf    time.Time          `json:"as_of"`
	}
	if err := json.Unmarshal(value, &v); err != nil {
		return Live{}, fmt.Errorf("parse running counts: %w", err)
	}
	l := Live{Video: v.Video, Total: v.Total, AsOf: v.AsOf}
	for i, w := range Windows {
		l.Windows[i] = v.Windows[w.Name]
	}
	return l, nil
}
