// Checker reads everything that a running counter writes to Kafka, from before
// the first like, and says at the end whether it counted exactly once: one line
// per invariant (package check). It hides nothing but its flags: start it, then
// the load; when the load is over, end its input; it waits for the last window
// to close, judges, and exits with 0 when all hold, 1 when one is violated and
// 2 when it could not tell.
//
// Of its input it understands the line "calm", sent when all processors run
// and nothing disturbs them: windows that end later must be final in time.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"distributed-counter/chaos/check"
)

type options struct {
	check.Config
	brokers string
	answers string
	wait    time.Duration
	settle  time.Duration
}

func main() {
	o := options{Config: check.Config{Topics: check.DefaultTopics()}}
	flag.StringVar(&o.brokers, "brokers", "localhost:9094", "Kafka, host:port, a comma list")
	flag.StringVar(&o.answers, "answers", "", "the load's log of answers")
	flag.DurationVar(&o.Pane, "pane", 2*time.Second, "length of a pane")
	flag.DurationVar(&o.Grace, "grace", time.Second, "the grace")
	flag.DurationVar(&o.Idle, "idle", 2*time.Second, "the idle limit")
	flag.DurationVar(&o.Slack, "slack", 2*time.Second, "a window may be final this much after its end, grace and idle limit")
	flag.IntVar(&o.Sources, "sources", 3, "ingestion partitions")
	flag.IntVar(&o.Logs, "logs", 3, "log partitions")
	flag.DurationVar(&o.wait, "wait", time.Minute, "how long to wait for the last window after the end of the input")
	flag.DurationVar(&o.settle, "settle", 2*time.Second, "how long to watch for more after it")
	flag.Parse()
	hold, err := run(context.Background(), o, os.Stdin, os.Stdout)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "checker:", err)
		os.Exit(2)
	case !hold:
		os.Exit(1)
	}
}

// arrival is a record and when it was seen.
type arrival struct {
	record *kgo.Record
	at     time.Time
}

// maxArrivals bounds the records that wait to be looked at. It is high: while
// they wait nothing is read, and of the log only the newest panes are kept.
const maxArrivals = 500_000

func run(ctx context.Context, o options, in io.Reader, out io.Writer) (hold bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ledger := check.New(o.Config)
	arrivals := make(chan arrival, maxArrivals)
	followed := make(chan error, 1)
	go func() {
		followed <- check.Follow(ctx, strings.Split(o.brokers, ","), o.Topics, func(r *kgo.Record, at time.Time) {
			arrivals <- arrival{r, at}
		})
	}()
	calms, ended := make(chan time.Time, 1), make(chan struct{})
	go read(in, calms, ended)
	var calm time.Time
	for over := false; !over; {
		select {
		case a := <-arrivals:
			ledger.Add(a.record, a.at)
		case err := <-followed:
			return false, errors.Join(err, errors.New("stopped following"))
		case calm = <-calms:
		case <-ended:
			over = true
		}
	}
	if err := settle(ledger, o, arrivals, followed); err != nil {
		return false, err
	}
	f, err := os.Open(o.answers)
	if err != nil {
		return false, fmt.Errorf("read the log of answers: %w", err)
	}
	defer f.Close()
	answers, err := check.ReadAnswers(f)
	if err != nil {
		return false, err
	}
	return ledger.Judge(out, answers, calm), nil
}

// settle goes on until all has come that should, and a while longer, for what
// should not; or until that was waited for long enough.
func settle(ledger *check.Ledger, o options, arrivals <-chan arrival, followed <-chan error) error {
	deadline := time.After(o.wait)
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	var quiet time.Time
	for quiet.IsZero() || time.Since(quiet) < o.settle {
		select {
		case a := <-arrivals:
			ledger.Add(a.record, a.at)
		case err := <-followed:
			return errors.Join(err, errors.New("stopped following"))
		case <-deadline:
			return nil // the verdict will say what is missing
		case <-look.C:
			if len(arrivals) == 0 && quiet.IsZero() && ledger.Quiet() {
				quiet = time.Now()
			}
		}
	}
	return nil
}

// read reads the input to its end.
func read(in io.Reader, calms chan<- time.Time, ended chan<- struct{}) {
	defer close(ended)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "calm" {
			select {
			case calms <- time.Now():
			default:
			}
		}
	}
}
