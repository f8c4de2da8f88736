package window_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the outputs in testdata/*.txt and the golden bytes anew")

// The files testdata/*.txt are stories: commands, a line ----, what they
// printed, an empty line. A line that begins with # is a comment. Panes are a
// minute long, the grace is 5 s, times are hours, minutes and seconds after
// the epoch. With -rewrite the outputs are written anew.
//
// Sources, by number; the first that is named begins the story, the log has
// one partition:
//
//	source S like VIDEO@MM:SS[.mmm] [xN] …  add likes (a video with a tab in it is none: write \t)
//	source S idle MM:SS                     all before this instant is added
//	source S flush [of=N]                   commit to the log; of: source partitions, default S+1 or those named so far
//	source S abort                          the same, but the transaction is aborted, and the source starts again
//
// Members A, B and C, each with a counter and a store; A where none is named:
//
//	[M] fold [N]              fold the log, N records or all
//	[M] plan [limit=N]        plan a part, print it, and drop it
//	[M] publish [limit=N]     plan, commit, apply
//	[M] commit [limit=N]      plan and commit, without learning of it
//	[M] announce N            running counts of up to N videos
//	[M] follow [N]            take over what others committed, N parts or all
//	[M] crash [lost]          start again, with the store or, lost, with one restored from the changelog
//	[M] show                  draw the counter
//	[M] skip                  a hole in the log: fold the record after the next one
//	[M] foreign               fold a record with panes of another length
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, want)
			if *rewrite {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			compareLines(t, file, got, want)
		})
	}
}

// runScript is the script with what its commands print now.
func runScript(t *testing.T, script []byte) []byte {
	var out bytes.Buffer
	s := newStory()
	answering := false
	var answer strings.Builder
	scan := bufio.NewScanner(bytes.NewReader(script))
	for scan.Scan() {
		line := scan.Text()
		switch {
		case answering && line != "":
			continue // printed at an earlier time
		case line == "":
			answering = false
		case line == "----":
			answering = true
			out.WriteString("----\n" + answer.String())
			answer.Reset()
			continue
		case !strings.HasPrefix(line, "#"):
			answer.WriteString(s.run(line))
		}
		out.WriteString(line + "\n")
	}
	if answer.Len() > 0 {
		t.Errorf("output without a line ---- before it: %s", answer.String())
	}
	return out.Bytes()
}

func compareLines(t *testing.T, file string, got, want []byte) {
	t.Helper()
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s:%d:\n got %s\nwant %s\n(go test ./processor/window -run Scripts -rewrite writes what is printed now)", file, i+1, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		t.Fatalf("%s: got %d lines, want %d", file, len(g), len(w))
	}
}

// clock writes milliseconds since the epoch as 01:30, 01:30.250 or 2:01:30.
func clock(ms int64) string {
	if ms < 0 {
		return "-" + clock(-ms)
	}
	s := fmt.Sprintf("%02d:%02d", ms/60_000%60, ms/1000%60)
	if ms >= 3_600_000 {
		s = fmt.Sprintf("%d:%s", ms/3_600_000, s)
	}
	if ms%1000 != 0 {
		s += fmt.Sprintf(".%03d", ms%1000)
	}
	return s
}

func parseClock(s string) (ms int64, err error) {
	for _, part := range strings.Split(s, ":") {
		seconds, fraction, _ := strings.Cut(part, ".")
		var n, f int64
		if _, err := fmt.Sscanf(seconds, "%d", &n); err != nil {
			return 0, fmt.Errorf("time %q: %w", s, err)
		}
		if fraction != "" {
			if _, err := fmt.Sscanf((fraction + "000")[:3], "%d", &f); err != nil {
				return 0, fmt.Errorf("time %q: %w", s, err)
			}
		}
		ms = ms*60 + n*1000 + f
	}
	return ms, nil
}
