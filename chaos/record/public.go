package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Final is the value of a record in an aggregations topic.
type Final struct {
	Type  string    `json:"type"`
	Video string    `json:"video_uid"`
	Count uint64    `json:"count"`
	Start time.Time `json:"window_start"`
	End   time.Time `json:"window_end"`
	Late  uint64    `json:"late"`
	Total uint64    `json:"total"`
}

// ParseFinal reads it, and holds it to the contract: the members type,
// video_uid and count come first and in this order, and the count is at least
// 1.
func ParseFinal(value []byte) (Final, error) {
	var f Final
	if err := json.Unmarshal(value, &f); err != nil {
		return f, fmt.Errorf("final count: %w: %w", ErrMalformed, err)
	}
	if f.Count < 1 || f.Late > f.Count || f.Count > f.Total || !f.Start.Before(f.End) {
		return f, fmt.Errorf("final count: %w: %s", ErrMalformed, value)
	}
	if bytes.HasPrefix(value, fmt.Appendf(nil, `{"type":"%s","video_uid":"%s","count":%d,`, f.Type, f.Video, f.Count)) {
		return f, nil // as it mostly is; else there may be spaces or escapes
	}
	d := json.NewDecoder(bytes.NewReader(value))
	for _, want := range []any{json.Delim('{'), "type", f.Type, "video_uid", f.Video, "count"} {
		if got, err := d.Token(); err != nil || got != want {
			return f, fmt.Errorf("final count: %w: %v where the contract has %v", ErrMalformed, got, want)
		}
	}
	return f, nil
}

// Live is the value of a record of running counts.
type Live struct {
	Video   string             `json:"video_uid"`
	Total   uint64             `json:"total"`
	Windows map[string]Running `json:"windows"`
}

// Running is the count so far of a window.
type Running struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Count uint64    `json:"count"`
}

// ParseLive reads it.
func ParseLive(value []byte) (Live, error) {
	var l Live
	if err := json.Unmarshal(value, &l); err != nil {
		return l, fmt.Errorf("running counts: %w: %w", ErrMalformed, err)
	}
	if l.Video == "" || l.Total < 1 || len(l.Windows) != 3 {
		return l, fmt.Errorf("running counts: %w: %s", ErrMalformed, value)
	}
	return l, nil
}
