package window

import (
	"fmt"
	"strings"

	"distributed-counter/likes"
)

// String draws the counter: where it stands, its sources, and what is
// unpublished.
//
//	next 3 frontier 2 published 1 cursor "cat" replay 0
//	source 0 watermark 135000 next 7
//	source 1 silent
//	pane 2: cat=2 dog=4(1 late)
func (c *Counter) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "next %d frontier %s published %s cursor %q replay %d\n",
		c.next, name(c.progress.Frontier), name(c.pos.Published), c.pos.Cursor, c.pos.Replay)
	for i, m := range c.progress.Marks {
		if m.Known {
			fmt.Fprintf(&b, "source %d watermark %d next %d\n", i, m.Watermark, m.Next)
		} else {
			fmt.Fprintf(&b, "source %d silent\n", i)
		}
	}
	for _, number := range c.open() {
		fmt.Fprintf(&b, "pane %d:", number)
		p := c.panes[number]
		for _, t := range p.ordered() {
			fmt.Fprintf(&b, " %s=%v", t.id, t.in(number))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// String is "4", or "4(1 late)".
func (c Count) String() string {
	if c.Late == 0 {
		return fmt.Sprint(c.Likes)
	}
	return fmt.Sprintf("%d(%d late)", c.Likes, c.Late)
}

func name(p likes.Pane) string {
	if p == likes.Never {
		return "never"
	}
	return fmt.Sprint(int64(p))
}
