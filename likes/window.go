package likes

import (
	"math"
	"time"
)

// Pane is the number of an aligned stretch of event time, one minute long
// unless COUNTER_PANE says otherwise: pane n covers [n·length, (n+1)·length)
// since the Unix epoch. Every like is counted in exactly one pane; all windows
// are sums of panes. Panes before 1970 are negative.
type Pane int64

// Never is a pane before all others: a frontier that has not been reached, a
// video that has no count yet.
const Never Pane = math.MinInt64

// PaneOf is the pane of an instant given in milliseconds since the epoch.
// length must be a positive number of whole milliseconds. It divides towards
// the past, so that an instant before 1970 is not put into the pane after it.
func PaneOf(ms int64, length time.Duration) Pane {
	l := length.Milliseconds()
	p := ms / l
	if ms%l < 0 {
		p--
	}
	return Pane(p)
}

// Start is the first instant of the pane, in UTC.
func (p Pane) Start(length time.Duration) time.Time {
	return time.UnixMilli(int64(p) * length.Milliseconds()).UTC()
}

// Window is one row of the table of windows. Windows are tumbling and aligned
// to the epoch: a window of n panes starts at each multiple of n panes.
type Window struct {
	// Name is the "type" of a final record: "1min". The name stays when
	// COUNTER_PANE makes the window shorter.
	Name string
	// Panes is the length, in panes.
	Panes int
}

// Windows are the windows that are counted, shortest first. The first is one
// pane long, and each length divides the last.
var Windows = [...]Window{
	{Name: "1min", Panes: 1},
	{Name: "5min", Panes: 5},
	{Name: "10min", Panes: 10},
}

// LongestWindow is the length of the longest of [Windows], in panes.
const LongestWindow = 10

// First is the first pane of the window that pane p lies in.
func (w Window) First(p Pane) Pane {
	n := Pane(w.Panes)
	r := p % n
	if r < 0 {
		r += n
	}
	return p - r
}

// EndsWith says whether p is the last pane of its window.
func (w Window) EndsWith(p Pane) bool { return w.First(p)+Pane(w.Panes)-1 == p }
