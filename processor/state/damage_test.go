package state_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"distributed-counter/processor/state"
)

var (
	damages    = flag.Int("damages", 80, "how many stores TestDamageIsNeverBelieved damages")
	damageSeed = flag.Uint64("damageseed", 0, "the seed of the first of them; 0 is a random one")
)

// Set for the process that TestDamageIsNeverBelieved lets use damaged stores:
// RocksDB may end it.
const (
	damagedDir   = "STATE_TEST_DAMAGED_DIR"
	damagedSeed  = "STATE_TEST_DAMAGED_SEED"
	damagedTries = "STATE_TEST_DAMAGED_TRIES"
)

// Whatever is done to the files, a store is damaged or says the truth, and the
// process lives. Each seed is one damage.
func TestDamageIsNeverBelieved(t *testing.T) {
	if dir := os.Getenv(damagedDir); dir != "" {
		useDamagedStores(t, dir)
		return
	}
	dir, seed := written(t), *damageSeed
	if seed == 0 {
		seed = rand.Uint64() >> 1
	}
	for end := seed + uint64(*damages); seed < end; {
		c := exec.Command(os.Args[0], "-test.run=^TestDamageIsNeverBelieved$")
		c.Env = append(os.Environ(), damagedDir+"="+dir,
			fmt.Sprint(damagedSeed, "=", seed), fmt.Sprint(damagedTries, "=", end-seed))
		out, err := c.CombinedOutput()
		last, damaged := seed, 0
		for line := range bytes.Lines(out) {
			if s, ok := bytes.CutPrefix(line, []byte("seed ")); ok {
				number, _, _ := bytes.Cut(s, []byte(":"))
				last, _ = strconv.ParseUint(string(number), 10, 64)
			} else if bytes.HasPrefix(line, []byte("damaged")) {
				damaged++
			}
		}
		if err != nil {
			t.Errorf("seed %d: %v\n%s", last, err, out[max(0, len(out)-2000):])
		}
		t.Logf("%d stores, of which %d were damaged", last+1-seed, damaged)
		seed = last + 1
	}
}

// useDamagedStores ends at the first store that does not do as it should. It
// says what it is about to do, for it may not come back.
func useDamagedStores(t *testing.T, dir string) {
	seed, _ := strconv.ParseUint(os.Getenv(damagedSeed), 10, 64)
	tries, _ := strconv.ParseUint(os.Getenv(damagedTries), 10, 64)
	for end := seed + tries; seed < end; seed++ {
		copied, random := t.TempDir(), rand.New(rand.NewPCG(seed, 0))
		copyDir(t, dir, copied)
		files, err := os.ReadDir(copied)
		if err != nil {
			t.Fatal(err)
		}
		if random.IntN(2) == 0 { // most other files are logs that nobody reads
			files = slices.DeleteFunc(files, func(f os.DirEntry) bool { return filepath.Ext(f.Name()) != ".sst" })
		}
		name := files[random.IntN(len(files))].Name()
		b := readFile(t, filepath.Join(copied, name))
		what := garble(random, &b)
		if err := os.WriteFile(filepath.Join(copied, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("seed %d: %s of %s\n", seed, what, name)
		// A cache of its own: blocks of another copy are not this one's.
		shared := state.NewShared(small)
		n, err := use(shared, copied)
		shared.Close()
		if errors.Is(err, state.ErrDamaged) {
			fmt.Println("damaged")
		} else if err != nil {
			t.Fatalf("got %d batches, %v", n, err)
		}
		if err := os.RemoveAll(copied); err != nil {
			t.Fatal(err)
		}
	}
}

func garble(random *rand.Rand, b *[]byte) string {
	switch n := len(*b); {
	case n == 0:
		*b = []byte("something")
		return "first bytes"
	case random.IntN(3) == 0:
		*b = (*b)[:random.IntN(n)]
		return fmt.Sprintf("all but %d bytes", len(*b))
	default:
		at, length := random.IntN(n), 1+random.IntN(64)
		for i := at; i < min(n, at+length); i++ {
			(*b)[i] = byte(random.Uint32())
		}
		return fmt.Sprintf("bytes from %d, %d of %d,", at, length, n)
	}
}

// brokenTail is damage that is found nowhere but in RocksDB: the block that
// it parses first of a table claims to hold hashes, with a correct checksum.
func brokenTail(t *testing.T, dir string) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("tables: got %v, %v", tables, err)
	}
	b := readFile(t, tables[0])
	offset, length := properties(t, b)
	end := b[offset+length-4:]
	binary.LittleEndian.PutUint32(end, 1<<31|1)
	binary.LittleEndian.PutUint16(b[offset+length-6:], 0xffff)
	binary.LittleEndian.PutUint32(b[offset+length+1:], state.BlockChecksum(b[offset:offset+length+1]))
	if err := os.WriteFile(tables[0], b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// properties is where the properties of a table are.
func properties(t *testing.T, table []byte) (offset, length int) {
	t.Helper()
	key := []byte("rocksdb.properties")
	at := bytes.LastIndex(table, key)
	if at < 0 {
		t.Fatal("a table without properties")
	}
	handle := table[at+len(key):]
	o, n := binary.Uvarint(handle)
	l, m := binary.Uvarint(handle[n:])
	if n <= 0 || m <= 0 {
		t.Fatalf("a table with properties at %x", handle[:20])
	}
	return int(o), int(l)
}

// startedDir is set for the processes that TestDamageEndsTwoProcesses starts;
// they exit with damagedExit where the store is damaged.
const (
	startedDir  = "STATE_TEST_STARTED_DIR"
	damagedExit = 9
)

// A process that RocksDB ends at damage does not end there again and again:
// the third start at the latest does not open the store.
func TestDamageEndsTwoProcesses(t *testing.T) {
	if dir := os.Getenv(startedDir); dir != "" {
		_, err := use(newShared(t, small), dir)
		fmt.Println(err)
		if errors.Is(err, state.ErrDamaged) {
			os.Exit(damagedExit)
		}
		return
	}
	dir := written(t)
	brokenTail(t, dir)
	for start := 1; ; start++ {
		c := exec.Command(os.Args[0], "-test.run=^TestDamageEndsTwoProcesses$")
		c.Env = append(os.Environ(), startedDir+"="+dir)
		out, err := c.CombinedOutput()
		first, _, _ := bytes.Cut(out, []byte("\n"))
		t.Logf("start %d: %v: %s", start, err, first)
		if err == nil {
			t.Fatalf("start %d believes the store", start)
		}
		if c.ProcessState.ExitCode() == damagedExit {
			break
		}
		if start == 3 {
			t.Fatalf("start %d: not damaged but %v:\n%s", start, err, out)
		}
	}
	if err := state.Destroy(dir); err != nil {
		t.Fatal(err)
	}
	if n, err := use(newShared(t, small), dir); n != 0 || err != nil {
		t.Errorf("after destroying it: got %d batches, %v", n, err)
	}
}

// Each part of a table that RocksDB believes unseen is looked at: a change of
// any byte of the properties or behind them is damage, or none at all.
func TestDamagedTail(t *testing.T) {
	dir := written(t)
	tables, _ := filepath.Glob(filepath.Join(dir, "*.sst"))
	b := readFile(t, tables[0])
	if err := state.CheckTable(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	offset, length := properties(t, b)
	for at := range b {
		changed := bytes.Clone(b)
		changed[at] ^= 0x95
		err := state.CheckTable(bytes.NewReader(changed), int64(len(b)))
		switch inProperties := at >= offset && at < offset+length+5; {
		case at < offset && err != nil:
			t.Errorf("byte %d, before the properties at %d: got %v", at, offset, err)
		case inProperties && err == nil:
			t.Errorf("byte %d, of the properties at %d: want damage", at, offset)
		case err != nil && !errors.Is(err, state.ErrTable):
			t.Errorf("byte %d: %v is not of the table", at, err)
		}
		if err := state.CheckTable(bytes.NewReader(b[:at]), int64(at)); !errors.Is(err, state.ErrTable) {
			t.Errorf("cut at %d: got %v", at, err)
		}
	}
}

// Invariant: no bytes make the check panic, or say anything but damage.
func FuzzTable(f *testing.F) {
	f.Add(make([]byte, 53))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, table []byte) {
		if err := state.CheckTable(bytes.NewReader(table), int64(len(table))); err != nil && !errors.Is(err, state.ErrTable) {
			t.Errorf("%x: got %v", table, err)
		}
	})
}
