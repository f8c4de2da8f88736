package web_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"distributed-counter/web"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(web.Page(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// All that the page asks for is in it, and nothing is asked of another host.
func TestPageIsWhole(t *testing.T) {
	index := read(t, "index.html")
	links := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(index, -1)
	if len(links) < 3 {
		t.Fatalf("index.html names %d files, want its icon, script and style:\n%s", len(links), index)
	}
	for _, link := range links {
		name, relative := strings.CutPrefix(link[1], "./")
		if !relative {
			t.Errorf("index.html names %s, want an address relative to its own", link[1])
			continue
		}
		read(t, name)
	}
}

// The script is under 100 KB as it is sent.
func TestScriptIsSmall(t *testing.T) {
	const most = 100_000
	var sent bytes.Buffer
	z := gzip.NewWriter(&sent)
	scripts, err := fs.Glob(web.Page(), "assets/*.js")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("scripts %v, error %v, want one at least", scripts, err)
	}
	for _, name := range scripts {
		_, _ = z.Write([]byte(read(t, name)))
	}
	_ = z.Close()
	if sent.Len() >= most {
		t.Errorf("the scripts are %d bytes compressed, want less than %d", sent.Len(), most)
	}
}
