package show

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"distributed-counter/likes"
)

// Draw is the table at an instant, as lines of at most width columns, and at
// most height lines, the head included. The videos with the most likes in the
// longest window come first.
func (b *Board) Draw(width, height int, now time.Time) []string {
	rows := b.rows(now, max(0, height-1))
	columns := []column{{head: "1'"}, {head: "5'"}, {head: "10'"}, {head: "total"}, {head: "likes/s"}}
	for i := range columns {
		columns[i].width = len(columns[i].head)
		for _, r := range rows {
			columns[i].width = max(columns[i].width, len(r.cells[i]))
		}
	}
	name, shown := layout(columns, width)
	var head strings.Builder
	head.WriteString(fit("video", name))
	for _, i := range shown {
		head.WriteString("  " + right(columns[i].head, columns[i].width))
	}
	lines := []string{fit(head.String(), min(width, textWidth(head.String())))}
	for _, r := range rows {
		line := fit(b.name(r.id), name)
		for _, i := range shown {
			line += "  " + right(r.cells[i], columns[i].width)
		}
		lines = append(lines, fit(line, min(width, textWidth(line))))
	}
	return lines[:min(len(lines), max(0, height))]
}

type column struct {
	head  string
	width int
}

// Bounds of the column with the names.
const (
	minName = 10 // narrower, and a column of numbers goes
	maxName = 40
)

// layout gives the names what the numbers leave. Where that is too little, the
// numbers go that can best be spared: the speed, then 5', then 10', then 1'.
func layout(columns []column, width int) (name int, shown []int) {
	shown = []int{0, 1, 2, 3, 4}
	for _, spare := range []int{4, 1, 2, 0, -1} {
		name = width
		for _, i := range shown {
			name -= columns[i].width + 2
		}
		if name >= minName || spare < 0 {
			break
		}
		shown = slices.DeleteFunc(shown, func(i int) bool { return i == spare })
	}
	return min(max(name, 1), maxName), shown
}

type row struct {
	id    likes.VideoID
	cells [len(likes.Windows) + 2]string // as the columns
}

func (b *Board) rows(now time.Time, most int) []row {
	all := make([]*video, 0, len(b.videos))
	for _, v := range b.videos {
		all = append(all, v)
	}
	longest := len(likes.Windows) - 1
	slices.SortFunc(all, func(x, y *video) int {
		return cmp.Or(
			cmp.Compare(y.count(longest, now), x.count(longest, now)),
			cmp.Compare(y.Total, x.Total),
			cmp.Compare(x.Video, y.Video))
	})
	rows := make([]row, 0, most)
	for _, v := range all[:min(most, len(all))] {
		r := row{id: v.Video}
		for i := range likes.Windows {
			r.cells[i] = number(v.count(i, now))
		}
		r.cells[len(likes.Windows)] = number(v.Total)
		r.cells[len(likes.Windows)+1] = perSecond(v.speed.perSecond(now))
		rows = append(rows, r)
	}
	return rows
}

func perSecond(rate float64) string {
	if rate >= 100 {
		return number(uint64(rate))
	}
	return strconv.FormatFloat(rate, 'f', 1, 64)
}

// name is a video's title, or its id.
func (b *Board) name(id likes.VideoID) string {
	if title, ok := b.titles[id]; ok {
		return plain(title)
	}
	return plain(string(id))
}
