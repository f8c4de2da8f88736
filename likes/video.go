package likes

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// VideoID names a video, as in "93f98662-8907-4f43-bb4c-280501481046". It is
// opaque: 1 to [MaxVideoID] bytes of UTF-8 without control characters. An id
// need not be in any list to be counted. Values are made by [ParseVideoID] or
// read from records that were.
type VideoID string

// MaxVideoID is the length of the longest id, in bytes.
const MaxVideoID = 128

// Why a text is not a video id. [ParseVideoID] returns one of these, wrapped
// with what was found; a dead letter carries it as its reason.
var (
	ErrEmpty   = errors.New("empty video id")
	ErrTooLong = fmt.Errorf("video id longer than %d bytes", MaxVideoID)
	ErrNotUTF8 = errors.New("video id is not UTF-8")
	ErrControl = errors.New("control character in video id")
)

// ParseVideoID checks the value of an ingestion record, or the id in a URL
// after percent-decoding. Of several faults it names the first of: empty, too
// long, not UTF-8, control character (Unicode category Cc, so also DEL and the
// C1 range, which terminals obey).
func ParseVideoID(text []byte) (VideoID, error) {
	if err := CheckVideoID(text); err != nil {
		return "", err
	}
	return VideoID(text), nil
}

// CheckVideoID is [ParseVideoID] without the id, and allocates nothing where
// the id is good: it runs once per like.
func CheckVideoID(text []byte) error {
	switch {
	case len(text) == 0:
		return ErrEmpty
	case len(text) > MaxVideoID:
		return fmt.Errorf("%w: %d", ErrTooLong, len(text))
	}
	plain := true // ASCII without control characters, as nearly every id is
	for _, b := range text {
		plain = plain && b >= ' ' && b < 0x7f
	}
	if plain {
		return nil
	}
	if !utf8.Valid(text) {
		return ErrNotUTF8
	}
	for rest := text; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if unicode.IsControl(r) {
			return fmt.Errorf("%w: %U", ErrControl, r)
		}
		rest = rest[n:]
	}
	return nil
}
