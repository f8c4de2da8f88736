// Package docs_test holds docs/architecture.md to the code: the file map to
// the packages there are, the rules to what they import.
package docs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	root   = ".."
	module = "distributed-counter"
)

// pkg is a package of the module, as `go list` tells it. Its paths are those
// of folders in the module: "processor/window".
type pkg struct {
	Dir     string
	Name    string   // "main" for a program
	Doc     string   // the first sentence of the package comment
	Imports []string // without those of tests
	Tests   []string // what only tests import
}

// TestMap finds every package in the file map, and everything in the map in
// the tree.
func TestMap(t *testing.T) {
	mapped := fileMap(t)
	for _, p := range mapped {
		info, err := os.Stat(path.Join(root, p))
		switch {
		case err != nil:
			t.Errorf("the file map names %s, which is not there", p)
		case info.IsDir() != strings.HasSuffix(p, "/"):
			t.Errorf("the file map names %s: folders end in a slash, files do not", p)
		}
	}
	for _, p := range packages(t) {
		if !slices.Contains(mapped, p.Dir+"/") {
			t.Errorf("package %s is not in the file map", p.Dir)
		}
	}
}

// TestImports holds the packages to the table of rules.
func TestImports(t *testing.T) {
	all := packages(t)
	for _, r := range rules {
		for _, breach := range r.breaches(all) {
			t.Errorf("%s\n%s", breach, r.says)
		}
	}
}

// TestRulesBite has every rule catch an import that breaks it: a rule with a
// misspelt path would hold for ever.
func TestRulesBite(t *testing.T) {
	for _, r := range rules {
		bad := pkg{Dir: r.example.dir, Name: "x", Imports: []string{r.example.imports}}
		if got := r.breaches([]pkg{bad}); len(got) != 1 {
			t.Errorf("%s importing %s: got %q, want one breach of: %s", bad.Dir, r.example.imports, got, r.says)
		}
	}
}

// TestPageSaysTheRules finds the sentence of every rule on the page.
func TestPageSaysTheRules(t *testing.T) {
	text := page(t)
	said := []string{saysNoCgo, saysComment, saysRoot}
	for _, r := range rules {
		said = append(said, r.says)
	}
	for _, s := range said {
		if !strings.Contains(text, "\n- "+s+"\n") {
			t.Errorf("docs/architecture.md has no line %q", "- "+s)
		}
	}
}

const saysNoCgo = "`functions`, `gateway` and `standalone/watch` are linked without cgo."

// TestNoCgo looks through all that is linked into the programs that must run
// where there is no C library: RocksDB must not come in by a side door.
func TestNoCgo(t *testing.T) {
	for _, program := range []string{"functions", "gateway", "standalone/watch"} {
		if _, err := os.Stat(path.Join(root, program, "main.go")); errors.Is(err, os.ErrNotExist) {
			continue // TestMap says so where the page promises it
		}
		const format = `{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}`
		out := goCommand(t, "list", "-deps", "-f", format, "./"+program)
		for _, p := range strings.Fields(string(out)) {
			t.Errorf("%s is linked with %s, which needs cgo\n%s", program, p, saysNoCgo)
		}
	}
}

const saysComment = "Every package has a comment that says what it hides."

func TestComments(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" && p.Dir != "docs" {
			t.Errorf("package %s has no comment\n%s", p.Dir, saysComment)
		}
	}
}

const saysRoot = "In the root there is only what a newcomer looks for; whatever is built goes to `dist/`, whatever is written while running to `data/`."

// TestRoot keeps plans, reports and left-overs out of the root.
func TestRoot(t *testing.T) {
	allowed := strings.Fields(`
		README.md LICENSE Makefile go.mod go.sum
		package.json package-lock.json serverless.yml template.yaml docker-compose.yml staticcheck.conf
		admin bench chaos config deploy docs functions gateway likes processor settings simulation standalone web
		dist data node_modules`) // the last three are ignored by git
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(allowed, e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s does not belong into the root\n%s", e.Name(), saysRoot)
		}
	}
}

// packages lists the module. Packages that do not build are listed too: what
// is wrong with them is for the compiler to say.
func packages(t *testing.T) []pkg {
	t.Helper()
	out := json.NewDecoder(strings.NewReader(string(goCommand(t, "list", "-e", "-json", "./..."))))
	var all []pkg
	for {
		var p struct {
			ImportPath, Name, Doc              string
			Imports, TestImports, XTestImports []string
		}
		if err := out.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(fmt.Errorf("read go list: %w", err))
		}
		all = append(all, pkg{
			Dir:     strings.TrimPrefix(p.ImportPath, module+"/"),
			Name:    p.Name,
			Doc:     p.Doc,
			Imports: p.Imports,
			Tests:   append(p.TestImports, p.XTestImports...),
		})
	}
}

func goCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fileMap is the first column of the table under "File map".
func fileMap(t *testing.T) []string {
	t.Helper()
	_, section, found := strings.Cut(page(t), "\n## File map\n")
	if !found {
		t.Fatal("docs/architecture.md has no file map")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var paths []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
		paths = append(paths, row[1])
	}
	if len(paths) == 0 {
		t.Fatal("docs/architecture.md has an empty file map")
	}
	return paths
}
