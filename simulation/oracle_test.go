package simulation_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// oracle counts with maps, from the bytes of the log alone, by the rules of the
// design and in none of the processor's code: a like counts in its own pane,
// or, where that is before the frontier as it was before the record, in the
// frontier's pane, and is late then; a pane is final once it lies before the
// frontier, which is the pane of the least watermark of all sources.
type oracle struct {
	pane   time.Duration
	videos map[string]*tally
	// frontier is, per log partition, the first pane that is open.
	frontier map[int32]int64
	home     map[string]int32  // the log partition of a video
	places   map[int32]*places // by log partition, where likes lie
	marks    map[int32][]mark  // by log partition, what it says of the sources
	faults   []string
}

// tally is what the oracle knows of one video, by pane.
type tally struct {
	counted map[int64]uint64 // in the pane where they count
	late    map[int64]uint64 // those of them that came late
	own     map[int64]uint64 // all likes, in the pane of their event time
}

const noFrontier = -1 << 62

// recount reads a log partition from its first record.
func (o *oracle) recount(partition int32, log []*seen) {
	var marks []mark
	where := new(places)
	o.places[partition] = where
	frontier := int64(noFrontier)
	for _, r := range log {
		b, err := decode(r.Value)
		if err != nil {
			o.fault("log %d offset %d: %v", partition, r.Offset, err)
			return
		}
		if b.pane != o.pane {
			o.fault("log %d offset %d has panes of %v", partition, r.Offset, b.pane)
		}
		for _, d := range b.deltas {
			if home, ok := o.home[d.video]; ok && home != partition {
				o.fault("video %q is in log partitions %d and %d", d.video, home, partition)
			}
			o.home[d.video] = partition
			t := o.videos[d.video]
			if t == nil {
				t = &tally{map[int64]uint64{}, map[int64]uint64{}, map[int64]uint64{}}
				o.videos[d.video] = t
			}
			t.own[d.pane] += d.likes
			in := max(d.pane, frontier)
			t.counted[in] += d.likes
			if in != d.pane {
				t.late[in] += d.likes
			}
			where.add(in, d.video, r.Offset)
		}
		for len(marks) < b.sources {
			marks = append(marks, mark{})
		}
		m := &marks[b.source]
		if m.known && m.next != b.from {
			o.fault("log %d offset %d: source %d goes on at %d, not at %d: likes are missing or twice there", partition, r.Offset, b.source, b.from, m.next)
		}
		if !b.last {
			continue
		}
		if m.known {
			m.watermark = max(m.watermark, b.watermark)
		} else {
			m.known, m.watermark = true, b.watermark
		}
		m.next = b.to
		frontier = max(frontier, reached(marks, o.pane))
	}
	o.frontier[partition], o.marks[partition] = frontier, marks
}

// mark is what the log has said of a source.
type mark struct {
	known           bool
	watermark, next int64
}

func reached(marks []mark, pane time.Duration) int64 {
	least := marks[0].watermark
	for _, m := range marks {
		if !m.known {
			return noFrontier
		}
		least = min(least, m.watermark)
	}
	return paneOf(least, pane)
}

func (o *oracle) fault(format string, args ...any) {
	o.faults = append(o.faults, fmt.Sprintf(format, args...))
}

// span names a window of a video, and so a final count.
type span struct {
	video string
	panes int64 // 1, 5 or 10
	first int64 // pane
}

type count struct{ likes, late, total uint64 }

// finals are the final counts that the log demands, all of them.
func (o *oracle) finals() map[span]count {
	out := make(map[span]count)
	for video, t := range o.videos {
		frontier := o.frontier[o.home[video]]
		for _, n := range []int64{1, 5, 10} {
			for p := range t.counted {
				w := span{video, n, p - modulo(p, n)}
				if w.first+n > frontier {
					continue // still open
				}
				var c count
				for q, likes := range t.counted {
					if q >= w.first && q < w.first+n {
						c.likes += likes
						c.late += t.late[q]
					}
					if q < w.first+n {
						c.total += likes
					}
				}
				out[w] = c
			}
		}
	}
	return out
}

func (t *tally) total() (n uint64) {
	for likes := range maps.Values(t.counted) {
		n += likes
	}
	return n
}

// windowCount is what a window of a video holds, closed or not.
func (t *tally) windowCount(first, panes int64) (n uint64) {
	for q, likes := range t.counted {
		if q >= first && q < first+panes {
			n += likes
		}
	}
	return n
}

func modulo(a, n int64) int64 { return ((a % n) + n) % n }

func paneOf(ms int64, pane time.Duration) int64 {
	return (ms - modulo(ms, pane.Milliseconds())) / pane.Milliseconds()
}

// entry is a record of the log: what one source adds in one commit.
type entry struct {
	last            bool
	pane            time.Duration
	source, sources int
	from, to        int64
	watermark       int64
	deltas          []delta
}

type delta struct {
	pane  int64
	video string
	likes uint64
}

var errShort = errors.New("ends early")

// decode reads the layout that the log's records are drawn with: version, flag
// of the last batch, pane length, source, sources, from, to, watermark in the
// last batch; then panes, each with its videos, ended by an empty id.
func decode(b []byte) (e entry, err error) {
	defer func() {
		if recover() != nil {
			err = errShort
		}
	}()
	uvarint := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		if n <= 0 {
			panic(errShort)
		}
		return v
	}
	varint := func() int64 {
		v, n := binary.Varint(b)
		b = b[n:]
		if n <= 0 {
			panic(errShort)
		}
		return v
	}
	if b[0] != 1 {
		return e, fmt.Errorf("version %d", b[0])
	}
	e.last = b[1] == 1
	b = b[2:]
	e.pane = time.Duration(uvarint()) * time.Millisecond
	e.source, e.sources = int(uvarint()), int(uvarint())
	e.from, e.to = int64(uvarint()), int64(uvarint())
	if e.last {
		e.watermark = varint()
	}
	for len(b) > 0 {
		p := varint()
		for {
			n := int(uvarint())
			id := string(b[:n])
			b = b[n:]
			if n == 0 {
				break
			}
			e.deltas = append(e.deltas, delta{p, id, uvarint()})
		}
	}
	return e, nil
}

// count the log, all partitions of it.
func recountLog(s sight, topic string, pane time.Duration) *oracle {
	o := &oracle{pane: pane, videos: map[string]*tally{}, frontier: map[int32]int64{}, home: map[string]int32{}, places: map[int32]*places{}, marks: map[int32][]mark{}}
	for _, p := range s.partitions(topic) {
		o.recount(p, s.read(place{topic, p}))
	}
	return o
}

// sortedVideos are the videos that were counted.
func (o *oracle) sortedVideos() []string { return slices.Sorted(maps.Keys(o.videos)) }
