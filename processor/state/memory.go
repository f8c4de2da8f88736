package state

import (
	"fmt"
	"slices"
	"sync"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

// Disk is what a [Memory] is opened from and outlives it on: the twin of a
// directory, for simulations, where it also fails on demand. The zero Disk is
// empty. It may be used by several goroutines; a killed process may still run.
type Disk struct {
	mu      sync.Mutex // guards all below
	content sorted
	// unflushed are the contents before each of the last batches, oldest
	// first: what a crash may fall back to.
	unflushed []sorted
	open      *Memory // nil where nobody has it open
	damaged   bool
}

// MaxUnflushed is how many of the last batches a crash of a [Disk] can lose.
const MaxUnflushed = 8

// Open opens the store, as [Shared.Open] does: [ErrLocked] while it is open,
// [ErrDamaged] after Damage.
func (d *Disk) Open() (*Memory, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open != nil {
		return nil, fmt.Errorf("open memory store: %w", ErrLocked)
	}
	if d.damaged {
		return nil, fmt.Errorf("open memory store: %w", ErrDamaged)
	}
	_, ok, err := readHead(d.content.find)
	if err != nil {
		return nil, fmt.Errorf("open memory store: %w", err)
	}
	d.open = &Memory{disk: d, oldest: oldestPane(ok)}
	return d.open, nil
}

// Kill does what kill -9 does to the process that has the store open: the
// handle fails from now on, and the last batches are lost, as many as lost
// says but at most [MaxUnflushed] and those applied since the store was
// opened or wiped. It returns how many were.
func (d *Disk) Kill(lost int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	lost = min(lost, len(d.unflushed))
	if lost > 0 {
		d.content = d.unflushed[len(d.unflushed)-lost]
	}
	d.open, d.unflushed = nil, nil
	return lost
}

// Damage makes Open fail with [ErrDamaged] until the store is destroyed. A
// store that is open keeps working; what it wrote is damaged too.
func (d *Disk) Damage() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.damaged = true
}

// Destroy deletes the store, as the function [Destroy] does: not while it is
// open.
func (d *Disk) Destroy() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open != nil {
		return fmt.Errorf("destroy memory store: %w", ErrLocked)
	}
	d.content, d.unflushed, d.damaged = nil, nil, false
	return nil
}

// Memory is a [Store] without files: the twin of [RocksDB]. It decodes the
// very batches that RocksDB does.
type Memory struct {
	disk   *Disk
	oldest likes.Pane // no older pane has rows
	key    []byte
}

// NewMemory is an empty store on a disk of its own.
func NewMemory() *Memory {
	m, err := new(Disk).Open()
	if err != nil {
		panic("state: a new disk does not open: " + err.Error())
	}
	return m
}

// snapshot is the content as it is now.
func (m *Memory) snapshot() (sorted, error) {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	if m.disk.open != m {
		return nil, errClosed
	}
	return m.disk.content, nil
}

// Head is part of [Store].
func (m *Memory) Head() (Head, bool, error) {
	s, err := m.snapshot()
	if err != nil {
		return Head{}, false, fmt.Errorf("read head: %w", err)
	}
	return readHead(s.find)
}

// Apply is part of [Store].
func (m *Memory) Apply(b *Batch) error {
	rep, oldest := b.seal(m.oldest)
	changes, err := parseBatch(rep)
	if err != nil {
		return fmt.Errorf("apply batch: %w", err)
	}
	d := m.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open != m {
		return fmt.Errorf("apply batch: %w", errClosed)
	}
	if len(d.unflushed) == MaxUnflushed {
		d.unflushed = slices.Delete(d.unflushed, 0, 1)
	}
	d.unflushed = append(d.unflushed, d.content)
	d.content = d.content.with(changes)
	m.oldest = oldest
	return nil
}

// Wipe is part of [Store].
func (m *Memory) Wipe() error {
	d := m.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open != m {
		return fmt.Errorf("wipe store: %w", errClosed)
	}
	d.content, d.unflushed, d.damaged = nil, nil, false
	m.oldest = noRows
	return nil
}

// Close is part of [Store].
func (m *Memory) Close() error {
	d := m.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open != m {
		return fmt.Errorf("close store: %w", errClosed)
	}
	d.open, d.unflushed = nil, nil
	return nil
}

// Videos is part of [window.Table].
func (m *Memory) Videos(ids []string, videos []window.Video) error {
	s, err := m.snapshot()
	for i := 0; i < len(ids) && err == nil; i++ {
		m.key = appendVideoKey(m.key[:0], ids[i])
		videos[i], err = parseVideo(ids[i], s.get(m.key))
	}
	if err != nil {
		return fmt.Errorf("read videos: %w", err)
	}
	return nil
}

// Pane is part of [window.Table].
func (m *Memory) Pane(p likes.Pane, after string) window.Rows {
	s, err := m.snapshot()
	if err != nil {
		return failedRows{fmt.Errorf("read pane %d: %w", p, err)}
	}
	s = s.from(appendRowKey(nil, p, ""))
	s = s[:len(s)-len(s.from(afterPane(nil, p)))]
	rest := s.from(afterID(nil, p, after))
	r := &memoryRows{rest: rest}
	if first := len(s) - len(rest); first > 0 {
		r.err = r.block.skip(s[first-1].key, s[first-1].value, after)
	}
	return r
}

// memoryRows are rows of a snapshot.
type memoryRows struct {
	block blockReader
	rest  sorted // the blocks after it
	id    []byte
	err   error
}

func (r *memoryRows) Next() bool {
	switch {
	case r.err != nil:
		return false
	case r.block.more():
		r.err = r.block.next()
	case len(r.rest) == 0:
		return false
	default:
		r.err = r.block.begin(r.rest[0].key, r.rest[0].value)
		r.rest = r.rest[1:]
	}
	return r.err == nil
}

// Row is a row whose ID becomes another one at the next call, as RocksDB's
// does: who keeps it too long must not get away with it here.
func (r *memoryRows) Row() window.Row {
	row := r.block.row
	r.id = append(r.id[:0], row.ID...)
	row.ID = r.id
	return row
}

func (r *memoryRows) Close() error { return r.err }

// find is get in the shape that readHead wants.
func (s sorted) find(key []byte) ([]byte, error) { return s.get(key), nil }
