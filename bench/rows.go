package main

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// rows takes the rows of an output in. There are millions of them, so it looks
// for the fields that it needs instead of decoding JSON.
type rows struct {
	answer
	starts map[string]time.Time // the few different ones, by their text
}

// add takes a row in: JSON without spaces between its tokens, and ids without
// anything to escape, as a workload has them. What is missing is an error, and
// what is read wrongly another answer.
func (r *rows) add(value []byte) error {
	length, ok := field(value, `"type":"`, '"')
	minutes := minutesOf(length)
	id, ok2 := field(value, `"video_uid":"`, '"')
	number, ok3 := field(value, `"count":`, ',')
	count, err := strconv.ParseUint(string(number), 10, 64)
	text, ok4 := field(value, `"window_start":"`, '"')
	if !ok || !ok2 || !ok3 || !ok4 || err != nil || minutes == 0 {
		return fmt.Errorf("output row %q: not understood", value)
	}
	start, known := r.starts[string(text)]
	if !known {
		if start, err = time.Parse(time.RFC3339, string(text)); err != nil {
			return fmt.Errorf("output row %q: %w", value, err)
		}
		r.starts[string(text)] = start
	}
	r.answer.add(minutes, start, id, count)
	return nil
}

// field is what stands between a prefix and the next end.
func field(value []byte, prefix string, end byte) ([]byte, bool) {
	_, rest, ok := bytes.Cut(value, []byte(prefix))
	n := bytes.IndexByte(rest, end)
	if !ok || n < 0 {
		return nil, false
	}
	return rest[:n], true
}

// minutesOf is a window's length by its name; 0 where there is none of it.
func minutesOf(name []byte) int {
	for _, minutes := range windows {
		if string(name) == strconv.Itoa(minutes)+"min" {
			return minutes
		}
	}
	return 0
}
