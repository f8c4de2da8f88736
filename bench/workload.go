package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"math/rand"
	"time"
)

// span is the event time that the likes of a run are spread over: three
// windows of ten minutes.
const span = 30 * time.Minute

// workload is a sequence of likes, the same in every run.
type workload struct {
	name   string
	likes  int
	videos [][]byte
	pick   func(r *rand.Rand) func() int
	start  time.Time // of the span
}

func newWorkload(name string, o options) (*workload, error) {
	w := &workload{name: name, likes: o.likes, start: time.Now().Add(-span - 10*time.Minute).Truncate(10 * time.Minute)}
	n := o.videos
	switch name {
	case "zipf":
		n = orElse(n, 100_000)
		w.pick = func(r *rand.Rand) func() int {
			z := rand.NewZipf(r, 1.1, 1, uint64(n-1))
			return func() int { return int(z.Uint64()) }
		}
	case "viral":
		n = orElse(n, 100_000)
		w.pick = func(r *rand.Rand) func() int {
			return func() int {
				if r.Intn(10) > 0 {
					return 0
				}
				return r.Intn(n)
			}
		}
	case "flat":
		n = orElse(n, 1_000_000)
		w.pick = func(r *rand.Rand) func() int { return func() int { return r.Intn(n) } }
	default:
		return nil, fmt.Errorf("workload %q: expected zipf, viral or flat", name)
	}
	r := rand.New(rand.NewSource(1))
	w.videos = make([][]byte, n)
	for i := range w.videos {
		w.videos[i] = uuid(r)
	}
	return w, nil
}

func orElse(n, or int) int {
	if n == 0 {
		return or
	}
	return n
}

func (w *workload) String() string {
	return map[string]string{
		"zipf":  fmt.Sprintf("zipf (s = 1.1, %d videos)", len(w.videos)),
		"viral": fmt.Sprintf("viral (nine likes of ten on one of %d videos)", len(w.videos)),
		"flat":  fmt.Sprintf("flat (%d videos, uniform)", len(w.videos)),
	}[w.name]
}

// newRandom chooses the videos, the same ones each time.
func newRandom() *rand.Rand { return rand.New(rand.NewSource(2)) }

// each calls f for each like, in order of event time.
func (w *workload) each(f func(i int, at time.Time, id []byte) error) error {
	next := w.pick(newRandom())
	for i := range w.likes {
		at := w.start.Add(time.Duration(float64(span) * float64(i) / float64(w.likes))).Truncate(time.Millisecond)
		if err := f(i, at, w.videos[next()]); err != nil {
			return err
		}
	}
	return nil
}

// windows are the lengths that are counted, in minutes.
var windows = [...]int{1, 5, 10}

// answer is what a set of output rows amounts to, in whatever order they come:
// equal answers are equal sets, as far as 64 bits of hash can tell.
type answer struct {
	rows, sum, hash uint64
}

func (a *answer) add(minutes int, start time.Time, id []byte, count uint64) {
	var b [24]byte
	binary.LittleEndian.PutUint64(b[0:], uint64(minutes))
	binary.LittleEndian.PutUint64(b[8:], uint64(start.Unix()))
	binary.LittleEndian.PutUint64(b[16:], count)
	var h maphash.Hash
	h.SetSeed(seed)
	h.Write(b[:])
	h.Write(id)
	a.rows++
	a.sum += count
	a.hash += h.Sum64()
}

var seed = maphash.MakeSeed()

// expected works the answer out, with a map per window.
func (w *workload) expected() answer {
	var a answer
	for _, minutes := range windows {
		length := time.Duration(minutes) * time.Minute
		counts := make(map[string]uint64)
		var start time.Time
		flush := func() {
			for id, n := range counts {
				a.add(minutes, start, []byte(id), n)
			}
			clear(counts)
		}
		w.each(func(_ int, at time.Time, id []byte) error {
			if s := at.Truncate(length); !s.Equal(start) {
				flush()
				start = s
			}
			counts[string(id)]++
			return nil
		})
		flush()
	}
	return a
}

func uuid(r *rand.Rand) []byte {
	var b [16]byte
	r.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return []byte(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}
