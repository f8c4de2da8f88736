package show

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"distributed-counter/likes"
)

// Table is a board on a terminal.
type Table struct {
	Terminal *os.File
	Source   Source // of running counts
	Topics   likes.Topics
	Titles   map[likes.VideoID]string
	// Head is what stands above the board. It is asked anew each time, and
	// may change.
	Head func() []string
	// Log is what is logged meanwhile, which would spoil the table: what is
	// new stands below it, and all goes to the terminal after it. May be nil.
	Log *Tail
}

const (
	drawsPerSecond = 4
	recentRunning  = 5000 // running counts per partition that are read at the start
	logLines       = 3    // at most, below the table
	logStays       = 20 * time.Second
)

// What a terminal is told.
const (
	enter = "\x1b[?1049h\x1b[?25l\x1b[?7l" // another screen, no cursor, no wrapping
	leave = "\x1b[?7h\x1b[?25h\x1b[?1049l" // all of it back
	home  = "\x1b[H"
	clear = "\x1b[K"  // to the end of the line
	rest  = "\x1b[J"  // and all below
	dim   = "\x1b[2m" // what is not the table
	undim = "\x1b[0m"
)

// Run shows the table until ctx ends, and then gives the terminal back as it
// was. The size of the terminal may change.
func (t *Table) Run(ctx context.Context) error {
	var mu sync.Mutex // guards board
	board := NewBoard(t.Titles)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	followed := make(chan error, 1)
	go func() {
		from := t.Source
		from.Topics, from.From = []string{t.Topics.Live}, Recent(recentRunning)
		followed <- Follow(ctx, from, t.Topics, func(e Event) {
			if e.Live != nil {
				mu.Lock()
				defer mu.Unlock()
				board.Update(e.Live)
			}
		})
	}()
	if _, err := t.Terminal.WriteString(enter); err != nil {
		stop()
		<-followed
		return fmt.Errorf("draw table: %w", err)
	}
	defer t.restore()
	tick := time.NewTicker(time.Second / drawsPerSecond)
	defer tick.Stop()
	for {
		width, height, err := term.GetSize(int(t.Terminal.Fd()))
		if err == nil {
			mu.Lock()
			// One column stays free: behind the last one the cursor stands
			// on it, and clearing the rest of the line would clear it too.
			screen := t.screen(board, max(1, width-1), height)
			mu.Unlock()
			_, err = t.Terminal.Write(screen)
		}
		if err != nil {
			stop()
			<-followed
			return fmt.Errorf("draw table: %w", err)
		}
		select {
		case <-tick.C:
		case err := <-followed:
			return err
		}
	}
}

func (t *Table) restore() {
	_, _ = t.Terminal.WriteString(leave)
	if t.Log != nil {
		t.Log.End()
	}
}

// screen draws everything anew, in place: a line is cleared after it was
// written, so that nothing flickers.
func (t *Table) screen(board *Board, width, height int) []byte {
	var head, foot []string
	for _, line := range t.Head() {
		for _, part := range wrap(plain(line), width) {
			head = append(head, dim+part+undim)
		}
	}
	head = append(head, "")
	if t.Log != nil {
		for _, line := range t.Log.Last(logLines, time.Now().Add(-logStays)) {
			line = plain(line)
			foot = append(foot, dim+fit(line, min(width, textWidth(line)))+undim)
		}
	}
	lines := append(head, board.Draw(width, height-len(head)-logLines-1, time.Now())...)
	if len(foot) > 0 {
		lines = append(append(lines, ""), foot...)
	}
	var b bytes.Buffer
	b.WriteString(home)
	b.WriteString(strings.Join(lines[:min(len(lines), max(1, height))], clear+"\n"))
	b.WriteString(clear + rest)
	return b.Bytes()
}
