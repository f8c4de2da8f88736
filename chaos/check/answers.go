package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// ReadAnswers reads the load's log: a line per request, of the time it was
// answered at in milliseconds, the answer, and the video. The answers are
//
//	acknowledged  the like counts
//	refused       it does not
//	unknown       nobody knows
//	bad           a bad record, sent past the API, was acknowledged
//
// A like that was repeated after an answer that nobody knows is two likes.
func ReadAnswers(r io.Reader) (Answers, error) {
	a := Answers{Acknowledged: make(map[string]uint64), Unknown: make(map[string]uint64)}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		f := strings.Fields(lines.Text())
		if len(f) != 3 {
			return a, fmt.Errorf("line %d of the log of answers: %q", n, lines.Text())
		}
		switch video := f[2]; f[1] {
		case "acknowledged":
			a.Acknowledged[video]++
		case "unknown":
			a.Unknown[video]++
		case "refused":
		case "bad":
			a.Bad++
		default:
			return a, fmt.Errorf("line %d of the log of answers: answer %q", n, f[1])
		}
	}
	return a, lines.Err()
}
