package simulation_test

import (
	"maps"
	"time"

	"distributed-counter/likes"
	"distributed-counter/processor/state"
	"distributed-counter/processor/window"
)

// compareStores is the last part of I5: a processor that has no stores restores
// them from the changelog, and they equal those that were kept. All others must
// have stopped.
func (w *world) compareStores() {
	kept := w.newestStores()
	w.newHosts(1)
	fresh := w.hosts[len(w.hosts)-1]
	fresh.start()
	time.Sleep(12 * time.Second) // join both groups, restore
	fresh.stop()
	o := recountLog(w.eyes.sight(), w.topics.Log, w.plan.pane)
	for p := range w.plan.logPartitions {
		if kept[p] == nil {
			continue // nobody ever led it and lived
		}
		w.compareStore(p, kept[p], fresh.disks[p], o)
	}
}

// newestStores are the disks of those who led a partition last.
func (w *world) newestStores() map[int]*state.Disk {
	newest, heads := make(map[int]*state.Disk), make(map[int]int64)
	for _, h := range w.hosts {
		for p, d := range h.disks {
			s, err := d.Open()
			if err != nil {
				continue // damaged
			}
			if head, ok, err := s.Head(); err == nil && ok && head.Changelog > heads[p] {
				newest[p], heads[p] = d, head.Changelog
			}
			_ = s.Close()
		}
	}
	return newest
}

func (w *world) compareStore(p int, kept, fresh *state.Disk, o *oracle) {
	a, err := kept.Open()
	if err != nil {
		w.fault("I5: the store of log %d that was kept does not open: %v", p, err)
		return
	}
	defer a.Close()
	b, err := fresh.Open()
	if err != nil {
		w.fault("I5: the store of log %d that was restored does not open: %v", p, err)
		return
	}
	defer b.Close()
	var ids []string
	for _, v := range o.sortedVideos() {
		if o.home[v] == int32(p) {
			ids = append(ids, v)
		}
	}
	was, is := make([]window.Video, len(ids)), make([]window.Video, len(ids))
	if err := a.Videos(ids, was); err != nil {
		w.fault("I5: store of log %d: %v", p, err)
	}
	if err := b.Videos(ids, is); err != nil {
		w.fault("I5: restored store of log %d: %v", p, err)
	}
	for i, v := range ids {
		if was[i] != is[i] || is[i].Total != o.videos[v].total() {
			w.fault("I5: %q in the store that was kept: %+v, restored from nothing: %+v; it was liked %d times", v, was[i], is[i], o.videos[v].total())
		}
	}
	head, _, _ := b.Head()
	for q := head.Position.Published - likes.LongestWindow; q < head.Position.Published; q++ {
		if x, y := rows(a.Pane(q, "")), rows(b.Pane(q, "")); !maps.Equal(x, y) {
			w.fault("I5: pane %d in the store of log %d that was kept: %v, restored from nothing: %v", q, p, x, y)
		}
	}
	w.tally.add("stores compared with one restored from nothing")
}

// row is a row of a pane without its id.
type row struct {
	count window.Count
	total uint64
}

func rows(r window.Rows) map[string]row {
	out := make(map[string]row)
	for r.Next() {
		out[string(r.Row().ID)] = row{r.Row().Count, r.Row().Total}
	}
	_ = r.Close()
	return out
}
