package window_test

import (
	"bytes"
	"fmt"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

const never = likes.Never

var modelIdentity = window.Identity{
	Group: "g", Pane: modelPane, From: window.TopicID{1}, To: window.TopicID{2},
}

// ingestion is a source partition, its task, and beside it what the oracle is
// to be told of the next commit.
type ingestion struct {
	number    int
	records   []like
	committed window.SourcePosition
	task      *window.Source
	known     bool // the oracle's watermark, as of the task
	watermark int64
}

func (w *world) addSource() {
	p := &ingestion{number: len(w.sources)}
	p.committed = window.SourcePosition{Identity: modelIdentity}
	w.sources = append(w.sources, p)
	w.restart(p)
}

// restart begins a task where the last commit ended.
func (w *world) restart(p *ingestion) {
	old := p.task
	pos := p.committed
	if old != nil && w.keepWatermark && p.known {
		pos.Known, pos.Watermark = true, p.watermark
	}
	p.task = window.NewSource(window.SourceConfig{Source: p.number, Partitions: w.parts, Grace: modelGrace}, pos)
	p.known, p.watermark = p.committed.Known, p.committed.Watermark
}

func (w *world) stepSource() {
	p := w.sources[w.rng.IntN(len(w.sources))]
	switch w.rng.IntN(12) {
	case 0, 1, 2, 3:
		w.produce(p)
	case 4, 5, 6:
		w.read(p, 1+w.rng.IntN(4))
	case 7:
		w.idle(p)
	case 8, 9, 10:
		w.commit(p)
	case 11:
		switch {
		case w.oneIn(3):
			w.restart(p)
		case w.oneIn(6) && len(w.sources) < 4:
			w.Grown++
			w.addSource()
		}
	}
}

// produce appends likes to a partition, while the model wants more.
func (w *world) produce(p *ingestion) {
	pane := modelPane.Milliseconds()
	w.clock += int64(w.rng.IntN(int(pane / 2)))
	if w.oneIn(25) {
		w.Nights++
		w.clock += int64(w.rng.IntN(15)) * pane
	}
	for range w.rng.IntN(4) {
		at := w.clock - int64(w.rng.IntN(int(pane)))
		if w.oneIn(8) {
			at -= int64(w.rng.IntN(12)) * pane
		}
		id := fmt.Sprintf("v%d", w.rng.IntN(modelVideo))
		if w.oneIn(15) {
			id = "bad\n"
		}
		p.records = append(p.records, like{at, id})
		if w.oneIn(10) {
			p.records = append(p.records, like{}) // a control record
		}
	}
}

func (w *world) read(p *ingestion, n int) {
	for ; n > 0 && p.task.Next() < int64(len(p.records)); n-- {
		at := p.task.Next()
		r := p.records[at]
		if r.id == "" {
			p.task.Skip(at)
			continue
		}
		if err := p.task.Add(at, r.at, []byte(r.id)); (err != nil) != (r.id == "bad\n") {
			w.fault("source %d: add %q: %v", p.number, r.id, err)
		}
		p.reached(r.at)
	}
}

func (w *world) idle(p *ingestion) {
	if p.task.Next() == int64(len(p.records)) {
		w.clock += int64(w.rng.IntN(500))
		p.task.Idle(w.clock - modelIdle)
		p.reached(w.clock - modelIdle)
	}
}

func (p *ingestion) reached(ms int64) {
	if !p.known || ms > p.watermark {
		p.known, p.watermark = true, ms
	}
}

// commit ends a commit interval of a source: its sums and its position, or
// nothing at all.
func (w *world) commit(p *ingestion) {
	if !p.task.Dirty() {
		return
	}
	sources := max(len(w.sources)-w.rng.IntN(2), p.number+1) // perhaps it has not heard of the newest
	commit := p.task.Flush(sources)
	if w.oneIn(8) {
		w.SourceAborts++
		w.note("source %d aborts", p.number)
		w.append(nil, nil)
		w.restart(p)
		return
	}
	pos, err := window.ParseSourcePosition(commit.Position.Append(nil))
	if err != nil || pos != commit.Position {
		w.fault("position of source %d: %+v from %+v, %v", p.number, pos, commit.Position, err)
	}
	if pos.Known != p.known || pos.Known && pos.Watermark != p.watermark && !w.keepWatermark {
		w.fault("source %d: watermark %v %d, want %v %d", p.number, pos.Known, pos.Watermark, p.known, p.watermark)
	}
	c := &told{
		source: p.number, sources: sources,
		to: pos.Next, watermark: p.watermark - modelGrace.Milliseconds(),
	}
	for _, r := range p.records[p.committed.Next:pos.Next] {
		if r.id != "" && r.id != "bad\n" && likes.Partition([]byte(r.id), w.parts) == 0 {
			c.likes = append(c.likes, r)
		}
	}
	p.committed = pos
	if !pos.Known {
		return
	}
	if n := len(commit.Batches[0]); n != 1 {
		w.fault("source %d: %d batches", p.number, n)
	}
	w.note("log %d: source %d of %d likes %v watermark %d", len(w.log), c.source, c.sources, c.likes, c.watermark)
	w.append(bytes.Clone(commit.Batches[0][0]), c)
	if w.oneIn(2) {
		w.append(nil, nil) // the transaction's marker
	}
}

func (w *world) append(value []byte, c *told) {
	w.log = append(w.log, value)
	late := len(w.oracle.counts)
	w.oracle.add(c)
	for _, c := range w.oracle.counts[late:] {
		if c.late {
			w.Late++
		}
	}
}
