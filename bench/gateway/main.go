// Command gateway measures the gateway: many viewers on WebSockets, each of one
// of a hundred videos, while likes come in and a processor counts them. It
// reports memory per viewer, CPU, how many of the events that were due have come,
// and the time from each like's acknowledgement to each of its viewers having
// read a total that includes it. `make bench-gateway` starts a broker for it and
// runs it.
//
// It hides what a fair run is: each contestant is a process of its own whose CPU
// and memory the operating system tells, processor and viewers are the same
// programs, and all share the machine. The other contestant is the reference
// implementation in JavaScript with the same rooms. It gets its records on a
// pipe, so that it need not talk to Kafka: that is to its advantage.
//
// With -hostile it measures what hostile clients, all kinds at once, do to the
// viewers of our gateway: before they come, while they are there, and afterwards.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench gateway:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	broker    string
	gateway   string
	processor string
	reference string
	who       string
	viewers   int
	videos    int
	rate      int
	span      time.Duration
	hostile   bool
	attack    string
}

// Who is spared by default, when hostile clients come: viewers whose own load
// leaves the machine mostly idle.
const (
	spared     = "1000"
	sparedRate = "200"
)

func run() error {
	var o options
	flag.StringVar(&o.broker, "broker", "localhost:9094", "the broker")
	flag.StringVar(&o.gateway, "gateway", "dist/gateway", "the program to measure")
	flag.StringVar(&o.processor, "processor", "dist/processor", "who counts the likes")
	flag.StringVar(&o.reference, "reference", "dist/reference", "where the reference is installed, with server.mjs")
	flag.StringVar(&o.who, "who", "ours,reference", "contestants")
	flag.IntVar(&o.viewers, "viewers", 10_000, "WebSocket clients")
	flag.IntVar(&o.videos, "videos", 100, "videos; viewer i watches number i modulo that")
	flag.IntVar(&o.rate, "rate", 1000, "likes per second, at random; a processor announces a liked video ten times a second at most")
	flag.DurationVar(&o.span, "for", 30*time.Second, "how long is measured")
	flag.BoolVar(&o.hostile, "hostile", false, "ours alone, without and with hostile clients; "+spared+" viewers and "+sparedRate+" likes/s, where nothing else is said")
	flag.StringVar(&o.attack, "attack", "", "be the hostile clients of the gateway at this address, until the end of the input: -hostile starts itself with it")
	flag.Parse()
	o.moderate()
	if flag.NArg() > 0 || o.viewers < 1 || o.videos < 1 || o.rate < 1 || o.viewers < o.videos {
		return errors.New("usage: gateway [flags]; see -h")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.attack != "" {
		return attack(ctx, o)
	}
	var err error
	if o.viewers, err = affordable(o.viewers); err != nil {
		return err
	}
	if o.hostile {
		return besiege(ctx, o)
	}
	fmt.Printf("%d viewers, %d videos, %d likes/s for %v\n%s\n", o.viewers, o.videos, o.rate, o.span, header)
	for _, who := range strings.Split(o.who, ",") {
		r, err := measure(ctx, o, who)
		if err != nil {
			return fmt.Errorf("%s: %w", who, err)
		}
		fmt.Println(r)
	}
	return nil
}

// moderate takes the load of -hostile for what was not said.
func (o *options) moderate() {
	if !o.hostile {
		return
	}
	said := make(map[string]bool)
	flag.Visit(func(f *flag.Flag) { said[f.Name] = true })
	for name, value := range map[string]string{"viewers": spared, "rate": sparedRate} {
		if !said[name] {
			_ = flag.Set(name, value) // a number
		}
	}
}

// affordable is how many viewers the limit on open files lets this process
// have; it raises the limit as far as it may, and says where that is too low.
func affordable(wanted int) (int, error) {
	const others = 500 // files that are not viewers
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read the limit on open files: %w", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("raise the limit on open files: %w", err)
	}
	most := int(min(limit.Max, 1<<30)) - others
	if wanted > most {
		fmt.Printf("the limit on open files is %d: %d viewers instead of %d\n", limit.Max, most, wanted)
	}
	return min(wanted, most), nil
}
