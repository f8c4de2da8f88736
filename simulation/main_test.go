package simulation_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain sees to it that the tests run with franz-go's build tag "synctests".
// Fake time moves only when every goroutine waits for something that the
// runtime knows of, and it does not know of mutexes: as soon as the client waits
// for a lock whose holder waits for a network that hangs, time would stop for
// ever. With the tag, the client's locks are channels. As nobody would think of
// it who says go test ./..., a test binary without the tag builds the one with
// it, and hands everything over.
func TestMain(m *testing.M) {
	if tagged {
		os.Exit(m.Run())
	}
	code, err := runTagged()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTagged() (code int, err error) {
	dir, err := os.MkdirTemp("", "simulation")
	if err != nil {
		return 0, fmt.Errorf("make room for the test binary: %w", err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "simulation.test")
	args := []string{"test", "-c", "-tags", "synctests", "-o", binary}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the tests with -tags synctests: %w\n%s", err, out)
	}
	cmd := exec.Command(binary, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(1, exit.ExitCode()), nil
	}
	return 0, err
}
