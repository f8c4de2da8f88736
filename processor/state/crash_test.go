package state_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"distributed-counter/processor/state"
)

// small makes many files of few likes.
var small = state.Config{WriteBufferBytes: 64 << 10, CacheBytes: 1 << 20}

// killedDir is set for the process that TestKill kills.
const killedDir = "STATE_TEST_KILLED_DIR"

const killedBatches = 1500

// A process that is killed leaves what it had applied up to some batch, all of
// that and nothing after it; the next one goes on from there.
func TestKill(t *testing.T) {
	if dir := os.Getenv(killedDir); dir != "" {
		writeAndDie(dir)
	}
	dir, shared := t.TempDir(), newShared(t, small)
	last := 0
	for round := range 4 {
		c := exec.Command(os.Args[0], "-test.run=^TestKill$")
		c.Env = append(os.Environ(), killedDir+"="+dir)
		out, err := c.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("round %d: not killed but %v:\n%s", round, err, out)
		}
		s, err := shared.Open(dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		n, err := readHistory(s)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		t.Logf("round %d: %d of %d batches survived", round, n-last, killedBatches)
		if n <= last || n > last+killedBatches {
			t.Fatalf("round %d: %d batches after %d", round, n, last)
		}
		last = n
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func writeAndDie(dir string) {
	shared := state.NewShared(small)
	s, err := shared.Open(dir)
	if err == nil {
		var h state.Head
		if h, _, err = s.Head(); err == nil {
			err = writeHistory(s, int(h.Changelog), int(h.Changelog)+killedBatches)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// written is a directory with a closed store of several files.
func written(t *testing.T) string {
	t.Helper()
	dir, shared := t.TempDir(), newShared(t, small)
	for n := 0; n < 600; n += 200 {
		s, err := shared.Open(dir)
		if err == nil {
			err = writeHistory(s, n, n+200)
		}
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// use opens, reads, writes and closes a store as a task would.
func use(shared *state.Shared, dir string) (int, error) {
	s, err := shared.Open(dir)
	if err != nil {
		return 0, err
	}
	n, err := readHistory(s)
	if err == nil {
		err = writeHistory(s, n, n+20)
	}
	return n, errors.Join(err, s.Close())
}

func TestDamagedFiles(t *testing.T) {
	dir, shared := written(t), newShared(t, small)
	cut := func(b []byte) []byte { return b[:len(b)/2] }
	flip := func(b []byte) []byte {
		for i := range b {
			b[i] ^= 0x55
		}
		return b
	}
	tests := []struct {
		name, files string
		change      func([]byte) []byte // nil: removed
	}{
		{"the pointer to the manifest is empty", "CURRENT", func([]byte) []byte { return nil }},
		{"it is cut", "CURRENT", cut},
		{"it is garbled", "CURRENT", flip},
		{"it names another manifest", "CURRENT", func([]byte) []byte { return []byte("MANIFEST-999999\n") }},
		{"the manifest is empty", "MANIFEST-*", func([]byte) []byte { return nil }},
		{"it is garbled", "MANIFEST-*", flip},
		{"it is gone", "MANIFEST-*", nil},
		{"a file is gone", "*.sst", nil},
		{"a file is empty", "*.sst", func([]byte) []byte { return nil }},
		{"a file is cut", "*.sst", cut},
		{"a file is garbled", "*.sst", flip},
		{"the end of a file is garbled", "*.sst", func(b []byte) []byte { flip(b[len(b)-60:]); return b }},
	}
	for _, tt := range tests {
		t.Run(tt.files+" "+tt.name, func(t *testing.T) {
			copied := t.TempDir()
			copyDir(t, dir, copied)
			files, err := filepath.Glob(filepath.Join(copied, tt.files))
			if err != nil || len(files) == 0 {
				t.Fatalf("files %s: got %v, %v", tt.files, files, err)
			}
			if tt.change == nil {
				err = os.Remove(files[0])
			} else {
				b := readFile(t, files[0])
				err = os.WriteFile(files[0], tt.change(b), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			if n, err := use(shared, copied); !errors.Is(err, state.ErrDamaged) {
				t.Errorf("got %d batches, %v, want ErrDamaged", n, err)
			} else {
				t.Log(err)
			}
			if err := state.Destroy(copied); err != nil {
				t.Fatal(err)
			}
			if n, err := use(shared, copied); n != 0 || err != nil {
				t.Errorf("after destroying it: got %d batches, %v", n, err)
			}
		})
	}
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A store whose directory is copied while it is open, as a snapshot of a
// volume would, is a prefix too.
func TestCopyOfOpenStore(t *testing.T) {
	shared := newShared(t, small)
	dir, copied := t.TempDir(), t.TempDir()
	s, err := shared.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := writeHistory(s, 0, 5); err != nil { // too little to be flushed
		t.Fatal(err)
	}
	copyDir(t, dir, copied)
	if n, err := use(shared, copied); n != 0 || err != nil {
		t.Errorf("copy: got %d batches, %v, want none", n, err)
	}
}

// An unusable directory is no damage: destroying it would not help.
func TestUnusableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := newShared(t, small).Open(filepath.Join(file, "count-0"))
	if err == nil || errors.Is(err, state.ErrDamaged) || errors.Is(err, state.ErrLocked) {
		t.Errorf("got %v", err)
	}
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v does not name the directory", err)
	}
}
