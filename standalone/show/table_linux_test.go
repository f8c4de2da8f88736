package show_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"golang.org/x/sys/unix"

	"distributed-counter/likes"
	"distributed-counter/standalone/show"
)

// terminal is a pseudo terminal, and what was written to it since the last
// look.
type terminal struct {
	master, slave *os.File

	mu      sync.Mutex // guards written
	written strings.Builder
}

func openTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this machine has no pseudo terminals:", err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	term := &terminal{master: master, slave: slave}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			term.mu.Lock()
			term.written.Write(buf[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

func (term *terminal) resize(t *testing.T, width, height uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(term.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}); err != nil {
		t.Fatal(err)
	}
}

// await reads until everything wanted was written.
func (term *terminal) await(t *testing.T, want ...string) string {
	t.Helper()
	end := time.Now().Add(20 * time.Second)
	for {
		term.mu.Lock()
		got := term.written.String()
		term.mu.Unlock()
		missing := ""
		for _, w := range want {
			if !strings.Contains(got, w) {
				missing = w
			}
		}
		if missing == "" {
			term.mu.Lock()
			term.written.Reset()
			term.mu.Unlock()
			return got
		}
		if time.Now().After(end) {
			t.Fatalf("the terminal never had %q; at last it had %q", missing, got[max(0, len(got)-500):])
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// The table comes, follows the terminal's size, and gives the terminal back.
func TestTable(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	term := openTerminal(t)
	term.resize(t, 80, 24)
	tail := show.NewTail(term.slave)
	topics := likes.DefaultTopics()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		table := show.Table{Terminal: term.slave, Source: show.Source{Brokers: cluster.ListenAddrs()}, Topics: topics,
			Titles: map[likes.VideoID]string{"cat": "A cat, counted"}, Log: tail,
			Head: func() []string { return []string{"type this: " + strings.Repeat("x", 40) + " and this"} }}
		ended <- table.Run(ctx)
	}()
	const dim, plain = "\x1b[2m", "\x1b[0m"
	term.await(t, "\x1b[?1049h", dim+"type this: "+strings.Repeat("x", 40)+" and this"+plain, "likes/s")
	write(t, cluster, topics.Live, live("cat", 41, noon, 1, 2, 3).Append(nil))
	fmt.Fprintln(tail, "something is odd")
	term.await(t, "A cat, counted", "41", dim+"something is odd"+plain)
	term.resize(t, 30, 24)
	term.await(t, "\x1b[H"+dim+"type this: "+strings.Repeat("x", 18)+plain+"\x1b[K\r\n"+dim+strings.Repeat("x", 22)+" and th"+plain)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	end := term.await(t, "\x1b[?1049l", "something is odd\r\n")
	if !strings.HasSuffix(end, "\x1b[?7h\x1b[?25h\x1b[?1049lsomething is odd\r\n") {
		t.Errorf("the end of the table: %q, want the terminal as it was, and the log", end)
	}
}
