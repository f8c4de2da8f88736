package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Folder is where the stores of a process live, one directory each:
// count-<partition>. It may be used by several goroutines, for one partition
// by one at a time.
type Folder struct {
	shared *Shared
	dir    string
}

const folderPrefix = "count-"

// Folder is the stores below dir, which is made when the first is opened.
func (s *Shared) Folder(dir string) *Folder { return &Folder{shared: s, dir: dir} }

func (f *Folder) path(partition int) string {
	return filepath.Join(f.dir, folderPrefix+strconv.Itoa(partition))
}

// Open is [Shared.Open] for the store of a log partition.
func (f *Folder) Open(partition int) (Store, error) {
	r, err := f.shared.Open(f.path(partition))
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Destroy is [Destroy] for the store of a log partition; its directory goes
// too, unless something else is in it.
func (f *Folder) Destroy(partition int) error {
	if err := Destroy(f.path(partition)); err != nil {
		return err
	}
	os.Remove(f.path(partition)) // not empty, or not there: both are fine
	return nil
}

// Partitions are those that have a directory, in ascending order.
func (f *Folder) Partitions() ([]int, error) {
	found, err := os.ReadDir(f.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list stores: %w", err)
	}
	var partitions []int
	for _, e := range found {
		number, ok := strings.CutPrefix(e.Name(), folderPrefix)
		p, err := strconv.Atoi(number)
		if ok && err == nil && e.IsDir() && p >= 0 && strconv.Itoa(p) == number {
			partitions = append(partitions, p)
		}
	}
	slices.Sort(partitions)
	return partitions, nil
}
