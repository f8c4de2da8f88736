package likes

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Encoder appends the JSON of records, as their Append does, and remembers the
// times that it wrote last: of many records of the same window, each time is
// formatted once. The zero Encoder is ready; it belongs to one goroutine.
type Encoder struct {
	windows [len(Windows)]struct{ start, end stamp }
	asOf    stamp
}

// stamp is a time and its text.
type stamp struct {
	at   time.Time
	text [len(time.RFC3339Nano)]byte
	n    int // of text; 0 while there is none
}

func (s *stamp) append(dst []byte, t time.Time) []byte {
	if s.n == 0 || s.at != t {
		text := t.UTC().AppendFormat(s.text[:0], time.RFC3339Nano)
		if len(text) > len(s.text) { // a year of ten digits; text is elsewhere
			s.n = 0
			return append(dst, text...)
		}
		s.at, s.n = t, len(text)
	}
	return append(dst, s.text[:s.n]...)
}

// Final appends a final count to dst. It allocates nothing where dst has room.
func (e *Encoder) Final(dst []byte, f *Final) []byte {
	bounds := &e.windows[0]
	for i := range Windows {
		if Windows[i].Name == f.Type {
			bounds = &e.windows[i]
		}
	}
	dst = append(dst, `{"type":"`...)
	dst = append(dst, f.Type...)
	dst = append(dst, `","video_uid":`...)
	dst = appendString(dst, string(f.Video))
	dst = append(dst, `,"count":`...)
	dst = strconv.AppendUint(dst, f.Count, 10)
	dst = append(dst, `,"window_start":"`...)
	dst = bounds.start.append(dst, f.Start)
	dst = append(dst, `","window_end":"`...)
	dst = bounds.end.append(dst, f.End)
	dst = append(dst, `","late":`...)
	dst = strconv.AppendUint(dst, f.Late, 10)
	dst = append(dst, `,"total":`...)
	dst = strconv.AppendUint(dst, f.Total, 10)
	return append(dst, '}')
}

// Live appends running counts to dst. It allocates nothing where dst has room.
func (e *Encoder) Live(dst []byte, l *Live) []byte {
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
		dst = e.windows[i].start.append(dst, l.Windows[i].Start)
		dst = append(dst, `","end":"`...)
		dst = e.windows[i].end.append(dst, l.Windows[i].End)
		dst = append(dst, `","count":`...)
		dst = strconv.AppendUint(dst, l.Windows[i].Count, 10)
		dst = append(dst, '}')
	}
	dst = append(dst, `},"as_of":"`...)
	dst = e.asOf.append(dst, l.AsOf)
	return append(dst, `"}`...)
}

// appendString appends a JSON string. A video id has no control characters,
// so only the quote and the backslash need escaping; bytes that are not UTF-8,
// which no id has, become U+FFFD rather than broken JSON.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		// Nearly every id is plain from end to end: it is copied at once.
		n := plain(s[i:])
		dst = append(dst, s[i:i+n]...)
		if i += n; i == len(s) {
			break
		}
		switch b := s[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
			i++
		case b < ' ':
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return append(dst, '"')
}

// plain is how many bytes at the beginning of s stand for themselves in a JSON
// string.
func plain(s string) int {
	for i := range len(s) {
		if b := s[i]; b < ' ' || b >= utf8.RuneSelf || b == '"' || b == '\\' {
			return i
		}
	}
	return len(s)
}
