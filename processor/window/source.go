package window

import (
	"fmt"
	"slices"
	"time"

	"distributed-counter/likes"
)

// SourceConfig says where a [Source] stands.
type SourceConfig struct {
	Source     int           // the source partition
	Partitions int           // of the log
	Grace      time.Duration // how long after a pane's end likes may still come
}

// MaxSum and MaxSumPanes bound what a [Source] sums between two commits: counts
// of a video in a pane, and panes. Likes lie in one pane or two unless a
// backlog is read or a producer invents its timestamps.
const (
	MaxSum      = 1 << 17
	MaxSumPanes = 64
)

// Event times are counted between these instants, in milliseconds since the
// epoch: the years 385 and 9892. A producer that invents a timestamp beyond
// them has its like counted at the nearest. So no sum of a time and a grace or
// a window overflows, and every window's bounds can be written as RFC 3339,
// which ends with the year 9999.
const (
	earliest = -50_000_000_000_000
	latest   = 250_000_000_000_000
)

// Source is PARTITION's core: it sums what one source partition holds, per
// pane and video, so that a commit writes one delta per video however many
// likes it got, and it keeps the partition's watermark.
//
// It is stepped by one goroutine: Add and Skip with what was read, in the
// order of offsets; Idle when it is known that there is no more; Flush for
// what a transaction has to write. When that transaction's end is anything
// but a sure commit, the Source is dropped, and with it the watermark that
// the transaction would have made true.
type Source struct {
	cfg     SourceConfig
	pos     SourcePosition // as of the last record added
	flushed SourcePosition // as of the last Flush

	index map[string]uint32 // video → number; kept across commits, so that a known video costs no allocation
	ids   []string          // number → video
	to    []int32           // number → log partition
	sums  map[likes.Pane]*sum
	spare []*sum // of earlier commits, for reuse
	count int    // videos in sums
}

// sum is the likes of one pane.
type sum struct {
	likes   []uint64 // by number
	touched []uint32 // the numbers with likes
}

// NewSource continues at a position.
func NewSource(cfg SourceConfig, pos SourcePosition) *Source {
	return &Source{
		cfg: cfg, pos: pos, flushed: pos,
		index: make(map[string]uint32),
		sums:  make(map[likes.Pane]*sum),
	}
}

// Next is the offset of the record that Add or Skip is to be called with next,
// or of one before it that the topic no longer has.
func (s *Source) Next() int64 { return s.pos.Next }

// Add counts the record at an offset, with its event time in milliseconds
// since the epoch; one before the year 385 or after 9892 is taken for the
// nearest of those. A value that is no video id is counted nowhere and reported
// as one of the errors of [likes.ParseVideoID]; it moves position and
// watermark all the same, as whatever cannot be a like must not hold up those
// that are.
func (s *Source) Add(offset, eventTime int64, value []byte) error {
	s.Skip(offset)
	eventTime = min(max(eventTime, earliest), latest)
	s.Idle(eventTime)
	n, ok := s.index[string(value)] // no allocation: the compiler knows this form
	if !ok {
		if err := likes.CheckVideoID(value); err != nil {
			return err
		}
		n = s.learn(value)
	}
	p := likes.PaneOf(eventTime, s.pos.Pane)
	t := s.sums[p]
	if t == nil {
		t = s.newSum()
		s.sums[p] = t
	}
	if int(n) >= len(t.likes) {
		t.likes = append(t.likes, make([]uint64, max(int(n)+1, len(s.ids), 2*len(t.likes))-len(t.likes))...)
	}
	if t.likes[n] == 0 {
		t.touched = append(t.touched, n)
		s.count++
	}
	t.likes[n]++
	return nil
}

// Skip moves past a record that is no like by its kind, a control record.
func (s *Source) Skip(offset int64) {
	if offset < s.pos.Next {
		panic(fmt.Sprintf("window: source offset %d added after %d", offset, s.pos.Next-1))
	}
	s.pos.Next = offset + 1
}

// Idle says that at the instant ms, less the idle limit, everything in the
// partition had been added: likes that come later are later. The watermark
// never falls.
func (s *Source) Idle(ms int64) {
	ms = min(max(ms, earliest), latest)
	if !s.pos.Known || ms > s.pos.Watermark {
		s.pos.Known, s.pos.Watermark = true, ms
	}
}

// Full says that what was added should be flushed before more is.
func (s *Source) Full() bool { return s.count >= MaxSum || len(s.sums) >= MaxSumPanes }

// Dirty says whether Flush has anything to say: a record was added or skipped,
// or the watermark has moved, since the last one.
func (s *Source) Dirty() bool { return s.pos != s.flushed }

// Commit is what a transaction of PARTITION has to write.
type Commit struct {
	// Batches are the values for each log partition, to be written in this
	// order; the watermarks in the last of each cover the deltas of all.
	Batches [][][]byte
	// Position goes last.
	Position SourcePosition
}

// Flush is what was added since the last Flush, summed, and the position
// after it. sources is the number of source partitions as known now. Nothing
// is written to the log while there is no watermark, that is before the first
// record and the first idle limit.
func (s *Source) Flush(sources int) Commit {
	commit := Commit{Batches: make([][][]byte, s.cfg.Partitions), Position: s.pos}
	if s.pos.Known {
		commit.Batches = s.encode(max(sources, s.cfg.Source+1))
	}
	s.flushed = s.pos
	s.reset()
	return commit
}

// typicalDelta is the size of a delta in a batch, in bytes: of a UUID, with some
// room for what spreads unevenly over the partitions.
const typicalDelta = 44

func (s *Source) encode(sources int) [][][]byte {
	head := Batch{
		Pane: s.pos.Pane, Source: s.cfg.Source, Sources: sources,
		From: s.flushed.Next, To: s.pos.Next,
		Watermark: s.pos.Watermark - s.cfg.Grace.Milliseconds(),
	}
	writers := make([]batchWriter, s.cfg.Partitions)
	for i := range writers {
		writers[i].head, writers[i].size = head, min(s.count*typicalDelta/s.cfg.Partitions+maxHead, MaxBatch+maxHead)
	}
	panes := make([]likes.Pane, 0, len(s.sums))
	for p := range s.sums {
		panes = append(panes, p)
	}
	slices.Sort(panes)
	for _, p := range panes {
		t := s.sums[p]
		for _, n := range t.touched {
			writers[s.to[n]].add(p, s.ids[n], t.likes[n])
		}
	}
	batches := make([][][]byte, s.cfg.Partitions)
	for i := range writers {
		batches[i] = writers[i].finish()
	}
	return batches
}

// maxSpareSums bounds the sums kept for reuse: likes of one commit lie in one
// pane, or in two around its end; a backlog of old timestamps is rare.
const maxSpareSums = 2

func (s *Source) reset() {
	forget := len(s.ids) >= MaxSum
	for p, t := range s.sums {
		delete(s.sums, p)
		if forget || len(s.spare) == maxSpareSums {
			continue
		}
		for _, n := range t.touched {
			t.likes[n] = 0
		}
		t.touched = t.touched[:0]
		s.spare = append(s.spare, t)
	}
	s.count = 0
	if forget {
		clear(s.index)
		s.ids, s.to, s.spare = s.ids[:0], s.to[:0], nil
	}
}

func (s *Source) newSum() *sum {
	if n := len(s.spare); n > 0 {
		t := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return t
	}
	return &sum{}
}

func (s *Source) learn(value []byte) uint32 {
	n, id := uint32(len(s.ids)), string(value)
	s.ids = append(s.ids, id)
	s.to = append(s.to, int32(likes.Partition(value, s.cfg.Partitions)))
	s.index[id] = n
	return n
}
