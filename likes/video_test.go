package likes_test

import (
	"errors"
	"strings"
	"testing"

	"distributed-counter/likes"
)

func TestParseVideoID(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		err        error
	}{
		// Whatever is in the list or not: anything within the bounds is an id.
		{"uuid", "93f98662-8907-4f43-bb4c-280501481046", nil},
		{"one byte", "x", nil},
		{"space", " ", nil},
		{"longest", strings.Repeat("x", 128), nil},
		{"longest, of more than one byte each", strings.Repeat("é", 64), nil},
		{"what JSON and HTML escape", `"\<>&'/`, nil},
		{"line separator, which is no control character", "a\u2028b", nil},
		{"no-break space, the first after the C1 range", "\u00a0", nil},
		{"zero-width joiner", "👩\u200d🚀", nil},
		{"replacement character itself", "\ufffd", nil},
		// What is none.
		{"empty", "", likes.ErrEmpty},
		{"129 bytes", strings.Repeat("x", 129), likes.ErrTooLong},
		{"a megabyte", strings.Repeat("x", 1<<20), likes.ErrTooLong},
		{"65 letters in 130 bytes", strings.Repeat("é", 65), likes.ErrTooLong},
		{"null", "\x00", likes.ErrControl},
		{"line feed at the end", "cat\n", likes.ErrControl},
		{"escape", "\x1b[2J", likes.ErrControl},
		{"delete", "cat\x7f", likes.ErrControl},
		{"first of C1", "a\u0080", likes.ErrControl},
		{"last of C1", "a\u009f", likes.ErrControl},
		{"stray continuation", "a\x80", likes.ErrNotUTF8},
		{"cut off", "\xe2\x80", likes.ErrNotUTF8},
		{"surrogate", "\xed\xa0\x80", likes.ErrNotUTF8},
		{"overlong slash", "\xc0\xaf", likes.ErrNotUTF8},
		// Of several faults the first in the order of the documentation.
		{"too long and not UTF-8", strings.Repeat("\xff", 129), likes.ErrTooLong},
		{"too long and control", strings.Repeat("\n", 129), likes.ErrTooLong},
		{"control, then not UTF-8", "\n\xff", likes.ErrNotUTF8},
		{"C1, then not UTF-8", "\u0080\xff", likes.ErrNotUTF8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id, err := likes.ParseVideoID([]byte(tt.text))
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Errorf("got error %v, want %v", err, tt.err)
			}
			want := tt.text
			if tt.err != nil {
				want = ""
			}
			if string(id) != want {
				t.Errorf("got %q, want %q", id, want)
			}
		})
	}
}

// It runs once per like.
func TestCheckVideoIDAllocatesNothing(t *testing.T) {
	for _, id := range []string{"93f98662-8907-4f43-bb4c-280501481046", strings.Repeat("é", 64)} {
		text := []byte(id)
		if n := testing.AllocsPerRun(100, func() { _ = likes.CheckVideoID(text) }); n != 0 {
			t.Errorf("%q: %v allocations, want 0", id, n)
		}
	}
}
