// Package load sends likes to the API at a steady rate, over HTTP as anybody
// would, and keeps a log of what it was answered.
//
// It hides connections, pacing and what an answer means for the like: counted,
// not counted, or unknown. It never repeats a like. The log's format is what
// check.ReadAnswers reads.
package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what to send.
type Config struct {
	URL    string   // of the API, without a path
	Videos []string // the first one gets the most likes
	// Zipf is the exponent, above 1, of Zipf's law by which likes are spread
	// over the videos. 0: the first one gets half of all, the others share.
	Zipf float64
	Rate int // likes per second
	Seed uint64
	Log  string // file of the log of answers, created
}

// maxInFlight bounds the likes that wait for an answer; the rate falls while
// there are as many.
const maxInFlight = 512

// MaxConnections bounds the connections to the API.
const MaxConnections = 64

// maxBehind bounds what is made up for when the machine was too busy to send in
// time; beyond it the rate falls.
const maxBehind = 100 * time.Millisecond

// requestTimeout is above any deadline of the API.
const requestTimeout = 5 * time.Second

// Load is a load under way.
type Load struct {
	cfg    Config
	client *http.Client

	mu  sync.Mutex // guards log
	log *bufio.Writer

	file    *os.File
	counts  [len(answers)]atomic.Int64
	lastAck atomic.Int64 // ms
}

// answers are the words of the log.
var answers = [...]string{"acknowledged", "refused", "unknown", "bad"}

const (
	acknowledged = iota
	refused
	unknown
	bad
)

// New creates the log.
func New(cfg Config) (*Load, error) {
	f, err := os.Create(cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("create log of answers: %w", err)
	}
	return &Load{
		cfg: cfg, file: f, log: bufio.NewWriter(f),
		client: &http.Client{
			Timeout:   requestTimeout,
			Transport: &http.Transport{MaxConnsPerHost: MaxConnections, MaxIdleConnsPerHost: MaxConnections},
		},
	}, nil
}

// Run sends until ctx is done, and returns when every like has its answer.
func (l *Load) Run(ctx context.Context) {
	next := l.videos(rand.New(rand.NewPCG(l.cfg.Seed, 1)))
	every := time.Second / time.Duration(l.cfg.Rate)
	due := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	room := make(chan struct{}, maxInFlight)
	var flying sync.WaitGroup
	defer flying.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		video := next()
		select {
		case <-ctx.Done():
			return
		case room <- struct{}{}:
		}
		flying.Go(func() {
			l.write(l.like(video), video)
			<-room
		})
		due = due.Add(every)
		if late := time.Since(due); late > maxBehind {
			due = due.Add(late - maxBehind)
		}
		timer.Reset(time.Until(due))
	}
}

// videos says which video is liked next.
func (l *Load) videos(random *rand.Rand) func() string {
	all := l.cfg.Videos
	if l.cfg.Zipf > 0 {
		law := rand.NewZipf(random, l.cfg.Zipf, 1, uint64(len(all)-1))
		return func() string { return all[law.Uint64()] }
	}
	return func() string {
		if random.IntN(2) > 0 {
			return all[0]
		}
		return all[1+random.IntN(len(all)-1)]
	}
}

// like sends one like and returns what it was answered.
func (l *Load) like(video string) int {
	resp, err := l.client.Post(l.cfg.URL+"/dev/videos/"+video+"/likes", "application/json", strings.NewReader("{}"))
	if err != nil {
		return unknown
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	switch {
	case resp.StatusCode == http.StatusOK && (err != nil || !strings.Contains(string(body), video)):
		return unknown // said to be done, but not what
	case resp.StatusCode == http.StatusOK:
		l.lastAck.Store(time.Now().UnixMilli())
		return acknowledged
	case resp.StatusCode >= 400 && resp.StatusCode < 500:
		return refused
	}
	return unknown
}

func (l *Load) write(answer int, what string) {
	l.counts[answer].Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.log, time.Now().UnixMilli(), answers[answer], what)
}

// LastAcknowledged is when a like was last acknowledged.
func (l *Load) LastAcknowledged() time.Time { return time.UnixMilli(l.lastAck.Load()) }

// String is the counts so far.
func (l *Load) String() string {
	var s []string
	for i := range answers {
		s = append(s, fmt.Sprint(l.counts[i].Load(), " ", answers[i]))
	}
	return strings.Join(s, ", ")
}

// Close completes the log. It must not be called before Run has returned.
func (l *Load) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.log.Flush(), l.file.Close())
}
