package state

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Dir is the data directory of a process: its RocksDB stores, one per log
// partition, each in a directory of its own. It is made by [OpenDir] and may
// be used by several goroutines, but for one partition by one at a time.
//
//	lock        held while the process lives; says which process that is
//	member      the name of whoever works with this directory
//	count-<p>/  the store of log partition p
//
// Whatever else is there is left alone.
type Dir struct {
	path   string
	member string
	lock   *os.File
	shared *Shared

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
	return &Dir{path: path, member: member, lock: lock, shared: NewShared(c)}, nil
}

func unusable(path string, err error) error {
	return fmt.Errorf("data directory %s is not usable: set COUNTER_DATA_DIR to a folder that this user may write to: %w", path, err)
}

// Member names whoever works with this directory, in lower-case hexadecimal.
// It is made up once and stays with the directory, on whichever machine that
// is mounted: what a group should remember of a member is where its stores are.
func (d *Dir) Member() string { return d.member }

// Open opens the store of a log partition, or creates it. Errors are those of
// [Shared.Open].
func (d *Dir) Open(partition int) (Store, error) {
	r, err := d.shared.Open(d.store(partition))
	if err != nil {
		return nil, err
	}
	d.count(+1)
	return &dirStore{RocksDB: r, closed: sync.OnceFunc(func() { d.count(-1) })}, nil
}

// Destroy deletes the store of a log partition, which must not be open; that
// there is none is no error.
func (d *Dir) Destroy(partition int) error {
	dir := d.store(partition)
	if err := Destroy(dir); err != nil {
		return err
	}
	// What is not RocksDB's keeps the directory, and is somebody's to look at.
	_ = os.Remove(dir)
	return nil
}

var storeName = regexp.MustCompile(`^count-(0|[1-9][0-9]{0,8})$`)

// Partitions are the log partitions that have a store, in no order.
func (d *Dir) Partitions() ([]int, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("list stores: %w", err)
	}
	var found []int
	for _, e := range entries {
		name := storeName.FindStringSubmatch(e.Name())
		if name == nil || !e.IsDir() {
			continue
		}
		p, err := strconv.Atoi(name[1])
		if err != nil {
			return nil, fmt.Errorf("list stores: %w", err)
		}
		found = append(found, p)
	}
	return found, nil
}

// Close frees what the stores shared, and the lock. While a store is still
// open, whose memory that is, it frees nothing and returns an error: the end
// of the process will.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open > 0 {
		return fmt.Errorf("close data directory %s: %d stores are still open", d.path, d.open)
	}
	d.shared.Close()
	if err := d.lock.Close(); err != nil {
		return fmt.Errorf("unlock data directory %s: %w", d.path, err)
	}
	return nil
}

func (d *Dir) store(partition int) string {
	return filepath.Join(d.path, "count-"+strconv.Itoa(partition))
}

func (d *Dir) count(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open += n
}

// dirStore is a store that tells its directory when it is closed.
type dirStore struct {
	*RocksDB
	closed func()
}

func (s *dirStore) Close() error {
	defer s.closed()
	return s.RocksDB.Close()
}

var memberPattern = regexp.MustCompile(`^[0-9a-f]{8}$`)

// memberName reads the name in a file, or makes one up. A file that was cut
// off by a crash is one without a name.
func memberName(path string) (string, error) {
	text, err := os.ReadFile(path)
	if name := strings.TrimSpace(string(text)); err == nil && memberPattern.MatchString(name) {
		return name, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	name := hex.EncodeToString(random[:])
	return name, os.WriteFile(path, []byte(name+"\n"), 0o644)
}
