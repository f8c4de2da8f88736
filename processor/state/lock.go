package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockFile locks a directory for this process by an advisory lock on the file
// "lock" in it, which the system frees when the process ends, however it does.
// The file says who holds it, for people; it stays, since to delete it would
// let two processes hold two files of the same name.
func lockFile(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, unusable(dir, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = fmt.Errorf("data directory %s is in use%s: end that process, or set COUNTER_DATA_DIR to another folder", dir, holder(f))
	case err != nil:
		err = unusable(dir, err)
	default:
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		}
		if err != nil {
			err = unusable(dir, err)
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// holder is " by process 1234", or nothing where the file does not say.
func holder(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 32))
	pid, notNumber := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || notNumber != nil {
		return " by another process"
	}
	return fmt.Sprintf(" by process %d", pid)
}
