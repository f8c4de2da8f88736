package check

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/chaos/record"
)

// cell is a video in a pane.
type cell struct {
	video string
	pane  int64
}

// key is what a final record is about: a video in a window.
type key struct {
	video  string
	window int // row of windows
	first  int64
}

// final is a final record as it came.
type final struct {
	record.Final
	at   time.Time // its timestamp: its producer's clock
	seen time.Time // when a read_committed reader had it
}

// origin is where an ingestion record was.
type origin struct {
	partition int32
	offset    int64
}

type digest = [sha256.Size]byte

// Ledger is all that was read so far. It is stepped by one goroutine, but for
// the methods of its [Watch].
type Ledger struct {
	cfg    Config
	faults faults

	likes  map[cell]uint64 // the likes themselves, by their event time
	read   []int64         // by source: the offset after the last one
	bad    map[origin]digest
	logs   []*logFold
	finals map[key]final
	dead   map[origin][]digest // by where the bad record was

	published map[string]record.Published // newest changelog record per video
	positions []record.Position           // newest per log partition
	totals    map[string]uint64           // newest running total per video
	reigns    map[place]reign
	watch     Watch
}

// New is an empty ledger.
func New(cfg Config) *Ledger {
	l := &Ledger{
		cfg:       cfg,
		likes:     make(map[cell]uint64),
		read:      make([]int64, cfg.Sources),
		bad:       make(map[origin]digest),
		finals:    make(map[key]final),
		dead:      make(map[origin][]digest),
		published: make(map[string]record.Published),
		positions: make([]record.Position, cfg.Logs),
		totals:    make(map[string]uint64),
		reigns:    make(map[place]reign),
	}
	for p := range cfg.Logs {
		l.logs = append(l.logs, newLogFold(p, cfg))
		l.positions[p].Published = record.Never
	}
	l.watch.seen = make([][]Sighting, cfg.Logs)
	l.watch.open = make([]int, cfg.Logs)
	l.watch.parts = make([]int, cfg.Logs)
	return l
}

// Watch is the view of the ledger for another goroutine.
func (l *Ledger) Watch() *Watch { return &l.watch }

// Add takes a committed record that was seen at an instant.
func (l *Ledger) Add(r *kgo.Record, seen time.Time) {
	t := l.cfg.Topics
	switch r.Topic {
	case t.Ingestion:
		l.addIngestion(r)
	case t.Log:
		l.addLog(r)
	case t.Positions:
		l.reign(r)
	case t.Changelog:
		l.reign(r)
		l.addChangelog(r)
	case t.Live:
		l.reign(r)
		l.addLive(r, seen)
	case t.Dead:
		l.addDead(r)
	default:
		for w, topic := range t.Finals {
			if topic == r.Topic {
				l.addFinal(r, w, seen)
			}
		}
	}
}

func (l *Ledger) addIngestion(r *kgo.Record) {
	if r.Offset != l.read[r.Partition] {
		l.faults.add(5, "%s/%d: offset %d follows on %d", r.Topic, r.Partition, r.Offset, l.read[r.Partition]-1)
	}
	l.read[r.Partition] = r.Offset + 1
	if !record.IsLike(r.Value) {
		l.bad[origin{r.Partition, r.Offset}] = sum(r)
		return
	}
	const appendTime = 1
	if r.Attrs.TimestampType() != appendTime {
		l.faults.add(5, "%s/%d offset %d: timestamp type %d, want append time", r.Topic, r.Partition, r.Offset, r.Attrs.TimestampType())
	}
	l.likes[cell{string(r.Value), record.Pane(r.Timestamp.UnixMilli(), l.cfg.ms())}]++
}

// sum tells values apart, and an empty one from none.
func sum(r *kgo.Record) digest {
	if r.Value == nil {
		return sha256.Sum256([]byte("no value"))
	}
	return sha256.Sum256(append([]byte("value:"), r.Value...))
}

func (l *Ledger) addLog(r *kgo.Record) {
	fold := l.logs[r.Partition]
	fresh, err := fold.add(r)
	if err != nil {
		l.faults.add(5, "%s/%d offset %d: %v", r.Topic, r.Partition, r.Offset, err)
	}
	l.watch.opened(int(r.Partition), fresh)
}

func (l *Ledger) addChangelog(r *kgo.Record) {
	var err error
	switch {
	case record.IsBarrier(r.Key):
	case record.IsPosition(r.Key):
		before := l.positions[r.Partition]
		var now record.Position
		if now, err = record.ParsePosition(r.Value); err == nil {
			l.positions[r.Partition] = now
			if now.Cursor != "" {
				l.watch.part(int(r.Partition))
			}
			if now.Published < before.Published || now.Published == before.Published && now.Cursor < before.Cursor || now.Replay < before.Replay {
				err = fmt.Errorf("a position went back from %+v to %+v", before, now)
			}
		}
	default:
		var p record.Published
		video := string(r.Key)
		if p, err = record.ParsePublished(r.Value); err == nil {
			if before := l.published[video]; p.Total <= before.Total || before.Total > 0 && p.Newest <= before.Newest {
				err = fmt.Errorf("%s went from total %d, pane %d to total %d, pane %d", video, before.Total, before.Newest, p.Total, p.Newest)
			}
			l.published[video] = p
		}
	}
	if err != nil {
		l.faults.add(5, "%s/%d offset %d: %v", r.Topic, r.Partition, r.Offset, err)
	}
}

func (l *Ledger) addLive(r *kgo.Record, seen time.Time) {
	live, err := record.ParseLive(r.Value)
	switch {
	case err != nil:
	case live.Video != string(r.Key) || l.cfg.owner(live.Video) != int(r.Partition):
		err = fmt.Errorf("running counts of %q with key %q", live.Video, r.Key)
	case live.Total < l.totals[live.Video]:
		err = fmt.Errorf("the running total of %s fell from %d to %d", live.Video, l.totals[live.Video], live.Total)
	}
	if err != nil {
		l.faults.add(5, "%s/%d offset %d: %v", r.Topic, r.Partition, r.Offset, err)
		return
	}
	l.totals[live.Video] = live.Total
	l.watch.saw(int(r.Partition), r.Timestamp, seen)
}

func (l *Ledger) addFinal(r *kgo.Record, w int, seen time.Time) {
	f, err := record.ParseFinal(r.Value)
	if err != nil {
		l.faults.add(5, "%s/%d offset %d: %v", r.Topic, r.Partition, r.Offset, err)
		return
	}
	first := record.Pane(f.Start.UnixMilli(), l.cfg.ms())
	if f.Video != string(r.Key) || f.Type != windows[w].name || !f.Start.Equal(l.cfg.start(record.First(first, windows[w].panes))) ||
		!f.End.Equal(l.cfg.start(first+windows[w].panes)) {
		l.faults.add(5, "%s/%d offset %d: key %q and %s do not fit", r.Topic, r.Partition, r.Offset, r.Key, r.Value)
		return
	}
	k := key{f.Video, w, first}
	if before, twice := l.finals[k]; twice {
		l.faults.add(3, "%s: a second record, count %d after %d", l.name(k), f.Count, before.Count)
		return
	}
	l.finals[k] = final{f, r.Timestamp, seen}
	p := l.cfg.owner(f.Video)
	l.watch.saw(p, r.Timestamp, seen)
	if w == 0 {
		l.watch.opened(p, -1)
	}
}

func (l *Ledger) addDead(r *kgo.Record) {
	header := make(map[string]string)
	for _, h := range r.Headers {
		header[h.Key] = string(h.Value)
	}
	partition, err1 := strconv.ParseInt(header["dead.partition"], 10, 32)
	offset, err2 := strconv.ParseInt(header["dead.offset"], 10, 64)
	from := origin{int32(partition), offset}
	if err1 != nil || err2 != nil || header["dead.reason"] == "" || header["dead.topic"] != l.cfg.Topics.Ingestion {
		l.faults.add(6, "dead letter %d: headers %v do not say reason and origin", r.Offset, header)
		return
	}
	l.dead[from] = append(l.dead[from], sum(r))
}

func (l *Ledger) name(k key) string {
	return fmt.Sprintf("%s %s from %s", k.video, windows[k.window].name, l.cfg.start(k.first).Format("15:04:05.000"))
}
