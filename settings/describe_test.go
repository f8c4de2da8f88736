package settings_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"distributed-counter/settings"
)

var rewrite = flag.Bool("rewrite", false, "write docs/settings.md anew")

// docs/settings.md is the table; "go test ./settings -rewrite" writes it.
func TestDocumentedTableIsTheTable(t *testing.T) {
	var table bytes.Buffer
	if err := settings.Markdown(&table); err != nil {
		t.Fatal(err)
	}
	want := "# Settings\n\nRead from the environment, once, at the start. An empty value counts as not set.\n" +
		"A value that is not accepted and an unknown `COUNTER_…` stop the start.\n" +
		"This page is written by `go test ./settings -rewrite`.\n\n" + table.String()
	path := filepath.Join("..", "docs", "settings.md")
	if *rewrite {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not the table any more: run go test ./settings -rewrite", path)
	}
}

func TestDescribeNamesEverySetting(t *testing.T) {
	var out bytes.Buffer
	if err := settings.Describe(&out); err != nil {
		t.Fatal(err)
	}
	for _, row := range settings.Table() {
		if !strings.Contains(out.String(), "\n"+row.Name+" (") && !strings.HasPrefix(out.String(), row.Name+" (") {
			t.Errorf("Describe says nothing of %s", row.Name)
		}
	}
}

// A file is no terminal: the log is JSON unless the setting says text.
func TestLoggerFormat(t *testing.T) {
	for _, tc := range []struct {
		format string
		json   bool
	}{{"auto", true}, {"json", true}, {"text", false}} {
		s, _, err := settings.Load([]string{"COUNTER_LOG_FORMAT=" + tc.format, "LOG_LEVEL=warn"})
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.Create(filepath.Join(t.TempDir(), "log"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		log := s.Logger(file)
		log.Info("not at this level")
		log.Warn("hello", "video", "cat")
		got, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(got, []byte("\n")); n != 1 {
			t.Errorf("%s: %d lines, want 1: %s", tc.format, n, got)
		}
		if json.Valid(got) != tc.json {
			t.Errorf("%s: JSON %v, want %v: %s", tc.format, json.Valid(got), tc.json, got)
		}
	}
}
