package window_test

import (
	"fmt"
	"strings"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

func drawBatch(offset int, value []byte) string {
	b, err := window.ParseBatch(value)
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	fmt.Fprintf(&out, "log %d: source %d of %d, offsets %d-%d, watermark %s", offset, b.Source, b.Sources, b.From, b.To, clock(b.Watermark))
	pane := never
	for d := range b.Deltas() {
		if d.Pane != pane {
			fmt.Fprintf(&out, "; %s:", paneClock(d.Pane))
			pane = d.Pane
		}
		fmt.Fprintf(&out, " %s=%d", d.ID, d.Likes)
	}
	return out.String() + "\n"
}

// drawPart writes a part as its reader sees it.
//
//	final 5min [00:00,05:00) cat=4(1 late) total 7
//	value cat 7
//	live cat 9, 2 since 05:00, 2 since 05:00, 6 since 00:00
//	position 05:00 cursor cat replay 3
func drawPart(part *window.Part) string {
	var out strings.Builder
	for _, f := range part.Finals {
		w := likes.Windows[f.Window]
		fmt.Fprintf(&out, "final %s [%s,%s) %s=%v total %d\n", w.Name,
			paneClock(w.First(part.Pane)), paneClock(part.Pane+1), f.ID, f.Count, f.Total)
	}
	for _, v := range part.Values {
		fmt.Fprintf(&out, "value %s %d\n", v.ID, v.Video.Total)
	}
	out.WriteString(drawRunning(part.Live))
	out.WriteString(drawPosition(part.Position))
	return out.String()
}

func drawRunning(running []window.Running) string {
	var out strings.Builder
	for _, r := range running {
		fmt.Fprintf(&out, "live %s %d", r.ID, r.Total)
		for i, w := range likes.Windows {
			fmt.Fprintf(&out, ", %d since %s", r.Counts[i], paneClock(w.First(r.Pane)))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func drawPosition(p window.Position) string {
	cursor := ""
	if p.Cursor != "" {
		cursor = " cursor " + p.Cursor
	}
	return fmt.Sprintf("position %s%s replay %d\n", paneClock(p.Published), cursor, p.Replay)
}
