package show

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Tail is a log that waits: it keeps its last lines until [Tail.End] writes
// them to where they belong. It may be used by several goroutines.
type Tail struct {
	to io.Writer

	mu    sync.Mutex // guards the rest
	lines []tailLine
	left  int  // lines that were not kept
	ended bool // and what comes goes straight through
}

type tailLine struct {
	at   time.Time
	text string
}

// maxTail bounds the lines that are kept; the newest are.
const maxTail = 200

// NewTail is a log for a writer that is in use until End.
func NewTail(to io.Writer) *Tail { return &Tail{to: to} }

// Write takes one line or several, as a slog.Handler writes them.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return t.to.Write(p)
	}
	for line := range bytes.Lines(p) {
		t.lines = append(t.lines, tailLine{time.Now(), strings.TrimRight(string(line), "\r\n")})
	}
	if more := len(t.lines) - maxTail; more > 0 {
		t.lines = slices.Delete(t.lines, 0, more)
		t.left += more
	}
	return len(p), nil
}

// Last is the last n of the lines that came after an instant, or all of these.
func (t *Tail) Last(n int, after time.Time) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var last []string
	for _, line := range t.lines[max(0, len(t.lines)-n):] {
		if line.at.After(after) {
			last = append(last, line.text)
		}
	}
	return last
}

// End writes what was kept, and from then on everything at once.
func (t *Tail) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.ended = true
	if t.left > 0 {
		_, _ = io.WriteString(t.to, "… earlier lines of the log were not kept\n")
	}
	for _, line := range t.lines {
		_, _ = io.WriteString(t.to, line.text+"\n")
	}
	t.lines = nil
}
