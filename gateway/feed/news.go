package feed

import (
	"time"

	"distributed-counter/likes"
)

// runningCounts stands for them where a final count has its window.
const runningCounts = -1

// change is what the audience is to be told: a final count, or running counts.
type change struct {
	running likes.Live
	final   likes.Final
	window  int
	written time.Time
}

func (c *change) video() likes.VideoID {
	if c.window == runningCounts {
		return c.running.Video
	}
	return c.final.Video
}

// recentPanes is how long after its end a window is recent, in panes: the
// windows of ten minutes' likes are told each, also when their processor was
// away for most of that and publishes all of them at once.
const recentPanes = 10

// Recent reports whether a final count is told for itself, however soon others
// follow: its window ended within ten panes. Of windows before, of which nobody
// has heard for so long, only the newest matters.
func (f *Feed) Recent(final likes.Final) bool {
	return time.Since(final.End) <= recentPanes*f.cfg.Pane
}

// news is what one read has changed, in order: of each video the newest running
// counts, the final count of each recent window, and the newest of those before;
// each in the place of the oldest. While an audience is told, records gather;
// without this a feed that has fallen behind would tell what nobody wants to know
// any more, and stay behind. It is bounded by what one read returns.
type news struct {
	changes []change
	at      map[newsKey]int
}

type newsKey struct {
	video  likes.VideoID
	window int
	start  int64 // of a recent window, ms; 0 for all others
}

// add takes a change; recent is whether it is a final count of a recent window.
func (n *news) add(c change, recent bool) {
	key := newsKey{video: c.video(), window: c.window}
	if recent {
		key.start = c.final.Start.UnixMilli()
	}
	if i, is := n.at[key]; is {
		n.changes[i] = c
		return
	}
	if n.at == nil {
		n.at = make(map[newsKey]int)
	}
	n.at[key] = len(n.changes)
	n.changes = append(n.changes, c)
}

// take returns the changes and forgets them.
func (n *news) take() []change {
	all := n.changes
	*n = news{}
	return all
}

// tell tells the audience the news.
func (f *Feed) tell() {
	for _, c := range f.news.take() {
		f.values.change(c.video(), func(*values) { // it holds the order, see Audience
			if c.window == runningCounts {
				f.cfg.Audience.Running(c.running)
			} else {
				f.cfg.Audience.Final(c.window, c.final)
			}
		})
		f.metrics.age.Observe(time.Since(c.written).Seconds())
	}
}
