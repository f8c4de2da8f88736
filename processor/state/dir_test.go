package state_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"distributed-counter/processor/state"
)

func openDir(t testing.TB, path string) *state.Dir {
	t.Helper()
	d, err := state.OpenDir(path, state.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A data directory is a folder of stores with more beside them.
func TestDirKeepsStores(t *testing.T) {
	path := t.TempDir()
	if err := os.Mkdir(filepath.Join(path, "kafka"), 0o755); err != nil {
		t.Fatal(err)
	}
	d := openDir(t, path)
	for _, p := range []int{0, 12} {
		s, err := d.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	wantPartitions(t, d.Folder, 0, 12)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// One process at a time, and the second is told which is the first. A lock is
// its open file's, so two in one process exclude each other as two processes
// do.
func TestDirIsLocked(t *testing.T) {
	path := t.TempDir()
	first := openDir(t, path)
	_, err := state.OpenDir(path, state.Config{})
	want := fmt.Sprintf("data directory %s is in use by process %d: end that process, or set COUNTER_DATA_DIR to another folder", path, os.Getpid())
	if err == nil || err.Error() != want {
		t.Errorf("second process: got %v, want %s", err, want)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := openDir(t, path) // the lock file stays and locks nothing
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

// What stores share is not freed under them.
func TestDirWaitsForItsStores(t *testing.T) {
	d := openDir(t, t.TempDir())
	s, err := d.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err == nil {
		t.Error("closed with an open store")
	}
	if _, _, err := s.Head(); err != nil {
		t.Errorf("the store after that: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err == nil {
		t.Error("a store was closed twice")
	}
	if err := d.Close(); err != nil {
		t.Errorf("close without open stores: %v", err)
	}
}

func TestDirUnusable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	occupied := t.TempDir()
	for _, name := range []string{"lock", "member"} {
		path := filepath.Join(occupied, name)
		if err := os.MkdirAll(filepath.Join(path, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ name, path string }{
		{"a file", file},
		{"below a file", filepath.Join(file, "data")},
		{"its lock is a folder", occupied},
		{"its member is a folder", filepath.Join(occupied, "member")},
	} {
		_, err := state.OpenDir(tc.path, state.Config{})
		if err == nil || !strings.HasPrefix(err.Error(), "data directory "+tc.path+" is not usable: set COUNTER_DATA_DIR") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line that says what to do", tc.name, err)
		}
	}
}

// The name stays with the directory; one that a crash cut off is made anew.
func TestDirMember(t *testing.T) {
	path := t.TempDir()
	member := func() string {
		d := openDir(t, path)
		defer func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}()
		return d.Member()
	}
	first := member()
	if second := member(); len(first) != 8 || second != first {
		t.Errorf("member %q, then %q: want the same 8 digits", first, second)
	}
	if err := os.WriteFile(filepath.Join(path, "member"), []byte(first[:3]), 0o644); err != nil {
		t.Fatal(err)
	}
	if third := member(); len(third) != 8 || third == first {
		t.Errorf("member after %q was cut off: %q, want another of 8 digits", first, third)
	}
	if other := openDir(t, t.TempDir()); other.Member() == first {
		t.Errorf("two directories have the same name %q", first)
	} else if err := other.Close(); err != nil {
		t.Error(err)
	}
}
