package state

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Dir is the data directory of a process: a [Folder] of stores that no other
// process has, with a name. It is made by [OpenDir] and used as a Folder is.
//
//	lock        held while the process lives; says which process that is
//	member      the name of whoever works with this directory
//	count-<p>/  the store of log partition p
//
// Whatever else is there is left alone.
type Dir struct {
	*Folder
	member string
	lock   *os.File

	mu   sync.Mutex // guards open
	open int        // stores
}

// OpenDir makes the directory where it is missing, and locks it. The error is
// one line for whoever started the process, and says what to do: no right to
// write there, or another process that uses it. Call Close.
func OpenDir(path string, c Config) (*Dir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, unusable(path, err)
	}
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	member, err := memberName(filepath.Join(path, "member"))
	if err != nil {
		_ = lock.Close()
		return nil, unusable(path, err)
	}
	return &Dir{Folder: NewShared(c).Folder(path), member: member, lock: lock}, nil
}

func unusable(path string, err error) error {
	return fmt.Errorf("data directory %s is not usable: set COUNTER_DATA_DIR to a folder that this user may write to: %w", path, err)
}

// Member names whoever works with this directory, in lower-case hexadecimal.
// It is made up once and stays with the directory, on whichever machine that
// is mounted: what a group should remember of a member is where its stores are.
func (d *Dir) Member() string { return d.member }

// Open is [Folder.Open].
func (d *Dir) Open(partition int) (Store, error) {
	s, err := d.Folder.Open(partition)
	if err != nil {
		return nil, err
	}
	d.count(+1)
	return &dirStore{Store: s, closed: sync.OnceFunc(func() { d.count(-1) })}, nil
}

// Close frees what the stores shared, and the lock. While a store is still
// open, whose memory that is, it frees nothing and returns an error: the end
// of the process will.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open > 0 {
		return fmt.Errorf("close data directory %s: %d stores are still open", d.dir, d.open)
	}
	d.shared.Close()
	if err := d.lock.Close(); err != nil {
		return fmt.Errorf("unlock data directory %s: %w", d.dir, err)
	}
	return nil
}

func (d *Dir) count(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open += n
}

// dirStore is a store that tells its directory when it is closed.
type dirStore struct {
	Store
	closed func()
}

func (s *dirStore) Close() error {
	defer s.closed()
	return s.Store.Close()
}

// memberName reads the name in a file, or makes one up. A file that was cut
// off by a crash is one without a name.
func memberName(path string) (string, error) {
	var random [4]byte
	text, err := os.ReadFile(path)
	name := strings.TrimSpace(string(text))
	if raw, notHex := hex.DecodeString(name); err == nil && notHex == nil && len(raw) == len(random) {
		return name, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	_, _ = rand.Read(random[:]) // never fails
	name = hex.EncodeToString(random[:])
	return name, os.WriteFile(path, []byte(name+"\n"), 0o644)
}
