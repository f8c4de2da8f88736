package likes

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
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
	dst = append(dst, `{"type":"`...)
	dst = append(dst, f.Type...)
	dst = append(dst, `","video_uid":`...)
	dst = appendString(dst, string(f.Video))
	dst = append(dst, `,"count":`...)
	dst = strconv.AppendUint(dst, f.Count, 10)
	dst = append(dst, `,"window_start":"`...)
	dst = appendTime(dst, f.Start)
	dst = append(dst, `","window_end":"`...)
	dst = appendTime(dst, f.End)
	dst = append(dst, `","late":`...)
	dst = strconv.AppendUint(dst, f.Late, 10)
	dst = append(dst, `,"total":`...)
	dst = strconv.AppendUint(dst, f.Total, 10)
	return append(dst, '}')
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
	dst = append(dst, `{"video_uid":`...)
	dst = appendString(dst, string(l.Video))
	dst = append(dst, `,"total":`...)
	dst = strconv.AppendUint(dst, l.Total, 10)
	dst = append(dst, `,"windows":{`...)
	for i, w := range Windows {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, w.Name...)
		dst = append(dst, `":{"start":"`...)
		dst = appendTime(dst, l.Windows[i].Start)
		dst = append(dst, `","end":"`...)
		dst = appendTime(dst, l.Windows[i].End)
		dst = append(dst, `","count":`...)
		dst = strconv.AppendUint(dst, l.Windows[i].Count, 10)
		dst = append(dst, '}')
	}
	dst = append(dst, `},"as_of":"`...)
	dst = appendTime(dst, l.AsOf)
	return append(dst, `"}`...)
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

// appendString appends a JSON string. A video id has no control characters,
// so only the quote and the backslash need escaping; bytes that are not UTF-8,
// which no id has, become U+FFFD rather than broken JSON.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			switch {
			case b == '"' || b == '\\':
				dst = append(dst, '\\', b)
			case b < ' ':
				const hex = "0123456789abcdef"
				dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
			default:
				dst = append(dst, b)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return append(dst, '"')
}

func appendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, time.RFC3339Nano)
}
