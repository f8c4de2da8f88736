package show

import (
	"strconv"
	"strings"
	"unicode"
)

// plain is a text that a terminal shows and does not obey: what is not
// printable becomes "?". An id may hold anything but control characters, so
// also marks that turn the direction of a line.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// runeWidth is how many columns a printable rune takes: none for marks that
// sit on the one before, two for the wide letters of East Asia and for emoji.
func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	for _, wide := range [...][2]rune{
		{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
		{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
	} {
		if r >= wide[0] && r <= wide[1] {
			return 2
		}
	}
	return 1
}

func textWidth(text string) int {
	n := 0
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
}

// fit makes a text exactly width columns wide, with spaces behind it or with
// its end cut off, which an ellipsis shows. Width 0 is nothing.
func fit(text string, width int) string {
	if spaces := width - textWidth(text); spaces >= 0 {
		return text + strings.Repeat(" ", spaces)
	}
	var b strings.Builder
	used := 0
	for _, r := range text {
		w := runeWidth(r)
		if used+w > width-1 {
			break
		}
		b.WriteRune(r)
		used += w
	}
	if width > 0 {
		b.WriteString("…")
		used++
	}
	return b.String() + strings.Repeat(" ", max(0, width-used))
}

// wrap cuts a text into pieces of at most width columns, and of at least a
// letter, so that a command can still be read on a narrow terminal.
func wrap(text string, width int) []string {
	var lines []string
	begin, used := 0, 0
	for i, r := range text {
		if w := runeWidth(r); used+w > width && i > begin {
			lines = append(lines, text[begin:i])
			begin, used = i, w
		} else {
			used += w
		}
	}
	return append(lines, text[begin:])
}

// right is a text at the right end of width columns.
func right(text string, width int) string {
	return strings.Repeat(" ", max(0, width-textWidth(text))) + text
}

// number is a count in at most five columns: 9999, 12.3k, 999k, 1.0M. It is
// rounded down: a count that is shown was reached.
func number(n uint64) string {
	if n < 10_000 {
		return strconv.FormatUint(n, 10)
	}
	unit := -1
	tenths := n // of the unit
	for tenths >= 10_000 && unit < len(units)-1 {
		if unit++; unit == 0 {
			tenths = n / 100
		} else {
			tenths /= 1000
		}
	}
	if tenths < 1000 {
		return strconv.FormatUint(tenths/10, 10) + "." + strconv.FormatUint(tenths%10, 10) + units[unit:unit+1]
	}
	return strconv.FormatUint(tenths/10, 10) + units[unit:unit+1]
}

const units = "kMGTPE"
