package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// mark is the file "mark" in a store's directory, which says how far the store
// is to be believed: RocksDB ends the process at damage that it did not
// foresee, and the next process must not meet that same end for ever.
//
//	closed    it was closed properly: it is believed
//	open      in use, or its process ended: everything is read before it is
//	          believed
//	checking  being read, or the process ended at it: it is damaged
//
// So the third start at the latest does not open the damage. The file is
// locked while it is in use, as two that open one store would mislead each
// other; no state takes more than one byte, which is written whole or not.
type mark struct{ file *os.File }

const (
	markName = "mark"

	markClosed   = 'c'
	markOpen     = 'o'
	markChecking = 'k'
)

// takeMark locks the mark of a store, new if need be, and returns what it
// says; [ErrLocked] where it is taken.
func takeMark(dir string) (*mark, byte, error) {
	path := filepath.Join(dir, markName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, 0, err
	}
	said, err := lockMark(f, path)
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return &mark{f}, said, nil
}

func lockMark(f *os.File, path string) (byte, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return 0, fmt.Errorf("lock %s: %w", path, ErrLocked)
	} else if err != nil {
		return 0, err
	}
	mine, err := f.Stat()
	if err != nil {
		return 0, err
	}
	// The store may have been destroyed since the file was opened.
	if there, err := os.Stat(path); err != nil || !os.SameFile(mine, there) {
		return 0, fmt.Errorf("lock %s: it is being destroyed: %w", path, ErrLocked)
	}
	said := [1]byte{markOpen} // what a file that says nothing says
	if _, err := f.ReadAt(said[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return said[0], nil
}

// set says something else. What makes a store less believed is on disk when it
// returns, for a machine may end as a process does; that it was closed may be
// forgotten, at the cost of one reading.
func (m *mark) set(say byte) error {
	if _, err := m.file.WriteAt([]byte{say}, 0); err != nil || say == markClosed {
		return err
	}
	return m.file.Sync()
}

// release unlocks the mark.
func (m *mark) release() {
	_ = m.file.Close() // nothing is buffered
}
