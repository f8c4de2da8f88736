package simulation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"distributed-counter/likes"
)

// What the original programs get wrong when they count (contract.md, section 6):
// each line is a thing that nobody must ever see again.

// "likes of the first minutes after a cold start counted minutes late"
func TestColdStartCountsInTheRightMinute(t *testing.T) {
	t.Parallel()
	story{
		plan: quiet(),
		tell: func(w *world) {
			w.start(1)
			w.hosts[0].stop() // the topics are there
			for i := range 6 {
				w.until(time.Duration(15+10*i) * time.Second)
				w.crowd.post("cat")
			}
			w.hosts[0].start()
		},
		check: func(t *testing.T, w *world) {
			for i := range int64(6) {
				w.want(t, span{"cat", 1, w.pane(1+i, 1)}, count{likes: 1, total: uint64(1 + i)})
			}
		},
	}.run(t)
}

// "open windows lost on restart"
func TestOpenWindowsSurviveRestart(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]storeFault{"same store": keepStores, "emptied": emptyStores} {
		t.Run(name, func(t *testing.T) {
			story{
				plan: quiet(),
				tell: func(w *world) {
					w.start(1)
					w.until(21 * time.Second)
					w.crowd.post("cat")
					w.until(23 * time.Second)
					w.hosts[0].stop()
					w.hosts[0].spoil(how)
					w.hosts[0].start()
					w.until(28 * time.Second)
					w.crowd.post("cat")
				},
				check: func(t *testing.T, w *world) {
					w.want(t, span{"cat", 1, w.pane(2, 1)}, count{likes: 2, total: 2})
				},
			}.run(t)
		})
	}
}

// "over- and undercounts after kill -9, takeover after 58 s"
func TestTakeoverAfterKill(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.hosts, p.pane = 2, 20*time.Second
	story{
		plan: p,
		tell: func(w *world) {
			w.start(2)
			w.crowd.post("cat")
			w.until(15 * time.Second)
			w.leader().kill(comeback{})
			w.crowd.post("cat")
			time.Sleep(9 * time.Second) // a session of 6 s, and less than three
			w.calm = w.began.Add(16 * time.Second)
			if n := w.leaders(); n != 1 {
				w.fault("nobody has taken over within 9 s of a kill")
			}
		},
		check: func(t *testing.T, w *world) {
			w.want(t, span{"cat", 1, w.pane(0, 1)}, count{likes: 2, total: 2})
		},
	}.run(t)
}

// "two contradictory records for one window when a worker joins or leaves"
func TestJoinsAndLeavesDoNotContradict(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.hosts, p.sources, p.logPartitions, p.videos, p.pane = 3, 3, 3, 12, 2*time.Second
	story{
		plan: p,
		tell: func(w *world) {
			w.start(1)
			ctx, stop := context.WithCancel(context.Background())
			var liking sync.WaitGroup
			liking.Go(func() { w.crowd.like(ctx, w.rand("crowd", 0), manners{every: 50 * time.Millisecond, burst: 3}) })
			for i := range 6 {
				w.hosts[1+i%2].start()
				time.Sleep(4 * time.Second)
				w.hosts[1+(i+1)%2].stop()
				time.Sleep(4 * time.Second)
			}
			stop()
			liking.Wait()
		},
		check: func(t *testing.T, w *world) {
			if len(w.finals) < 200 {
				t.Errorf("%d final counts: too few to tell", len(w.finals))
			}
		},
	}.run(t)
}

// "most videos dropped"
func TestNoVideoIsDropped(t *testing.T) {
	t.Parallel()
	const videos = 3000
	p := quiet()
	p.sources, p.logPartitions, p.partRecords = 2, 2, 700
	story{
		plan: p,
		tell: func(w *world) {
			w.start(1)
			w.until(11 * time.Second)
			var all sync.WaitGroup
			for i := range videos {
				all.Go(func() { w.crowd.put(int32(i%2), fmt.Sprintf("video-%d", i), time.Now()) })
			}
			all.Wait()
		},
		check: func(t *testing.T, w *world) {
			for i := range videos {
				w.want(t, span{fmt.Sprintf("video-%d", i), 1, w.pane(1, 1)}, count{likes: 1, total: 1})
			}
		},
	}.run(t)
}

// "a late like overwrites a result with a part"
func TestLateLikeOverwritesNothing(t *testing.T) {
	t.Parallel()
	story{
		plan: quiet(),
		tell: func(w *world) {
			w.start(1)
			for range 5 {
				w.crowd.post("cat")
			}
			w.until(30 * time.Second)
			w.crowd.put(0, "cat", w.began.Add(9*time.Second)) // its window is published
		},
		check: func(t *testing.T, w *world) {
			w.want(t, span{"cat", 1, w.pane(0, 1)}, count{likes: 5, total: 5})
		},
	}.run(t)
}

// "results one window length too late (the 10-minute count 10 minutes after its
// end)"
func TestTenMinuteCountComesInSeconds(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.pane, p.grace, p.idle = time.Minute, 5*time.Second, 2*time.Second
	story{
		plan: p,
		tell: func(w *world) {
			w.start(1)
			w.calm = time.Now()
			w.crowd.post("cat")
			w.until(9*time.Minute + 59*time.Second)
			w.crowd.post("cat")
			w.until(10*time.Minute + 5*time.Second + 2*time.Second + 2*time.Second)
			if n := len(w.eyes.sight().topic(w.topics.Aggregations[2])); n != 1 {
				w.fault("%d 10-minute counts nine seconds after the window's end, want 1", n)
			}
		},
		check: func(t *testing.T, w *world) {
			w.want(t, span{"cat", 10, w.pane(0, 10)}, count{likes: 2, total: 2})
		},
	}.run(t)
}

// "no key and no window bounds in results, so nobody can order them"
func TestResultsHaveKeyAndBounds(t *testing.T) {
	t.Parallel()
	story{
		plan: quiet(),
		tell: func(w *world) {
			w.start(1)
			w.crowd.post("cat")
		},
		check: func(t *testing.T, w *world) {
			var got []string
			for _, topic := range w.topics.Aggregations {
				for _, r := range w.eyes.sight().topic(topic) {
					got = append(got, fmt.Sprintf("%s %s", r.Key, r.Value))
				}
			}
			want := []string{
				`cat {"type":"1min","video_uid":"cat","count":1,"window_start":"2000-01-01T00:00:00Z","window_end":"2000-01-01T00:00:10Z","late":0,"total":1}`,
				`cat {"type":"5min","video_uid":"cat","count":1,"window_start":"2000-01-01T00:00:00Z","window_end":"2000-01-01T00:00:50Z","late":0,"total":1}`,
				`cat {"type":"10min","video_uid":"cat","count":1,"window_start":"2000-01-01T00:00:00Z","window_end":"2000-01-01T00:01:40Z","late":0,"total":1}`,
			}
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		},
	}.run(t)
}

// "a changelog that grows for ever"
func TestChangelogIsBounded(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.pane = time.Second
	story{
		plan: p,
		tell: func(w *world) {
			w.start(1)
			for i := range 200 {
				w.crowd.put(0, fmt.Sprintf("cat-%d", i%5), time.Now())
				time.Sleep(time.Second)
			}
			w.silence()
			w.rest() // nothing is open when kfake compacts
			before := w.eyes.sight().topic(w.topics.Changelog)
			w.cluster.Compact()
			after := w.records(w.topics.Changelog)
			// The newest value of each video, position and barrier; and the last
			// batch, which is never compacted.
			if len(before) < 400 || after > 5+2+4 {
				w.fault("the changelog has %d records after compaction, %d before", after, len(before))
			}
		},
	}.run(t) // what follows restores a store from what is left, and compares
}

// "fake likes mixed with real ones by default"
func TestNoFakeLikes(t *testing.T) {
	t.Parallel()
	for mode, dev := range map[string]bool{"prod": false, "dev": true} {
		t.Run(mode, func(t *testing.T) {
			story{
				plan: quiet(),
				tell: func(w *world) {
					w.cfg.Dev, w.cfg.DevInterval = dev, 20*time.Second
					w.crowd.anyone = dev
					w.start(1)
					w.until(3 * time.Minute)
					w.hosts[0].stop()
					w.cfg.Dev = false // for the judgement's silence
					w.hosts[0].start()
				},
				check: func(t *testing.T, w *world) {
					n := len(w.eyes.sight().topic(w.topics.Ingestion))
					if !dev && n != 0 {
						t.Errorf("%d likes that nobody gave", n)
					}
					if dev && n < 8 {
						t.Errorf("%d likes of development traffic, want one every 20 s", n)
					}
				},
			}.run(t)
		})
	}
}

// "a log line per like"
func TestNoLogLinePerLike(t *testing.T) {
	t.Parallel()
	story{
		plan: quiet(),
		tell: func(w *world) {
			w.start(1)
			for i := range 2000 {
				w.crowd.put(0, fmt.Sprintf("cat-%d", i%3), time.Now())
				time.Sleep(10 * time.Millisecond)
			}
		},
		check: func(t *testing.T, w *world) {
			if n := w.tally.n["log lines"]; n > 20 {
				t.Errorf("%d log lines for 2000 likes in a few windows, want those of starts and stops alone", n)
			}
		},
	}.run(t)
}

// The running counts come at once: within half a second of the like.
func TestRunningCountsComeAtOnce(t *testing.T) {
	t.Parallel()
	story{
		plan: quiet(),
		tell: func(w *world) {
			w.start(1)
			for i := range 5 {
				w.crowd.post("cat")
				time.Sleep(500 * time.Millisecond)
				live := w.eyes.sight().topic(w.topics.Live)
				if len(live) == 0 {
					w.fault("no running counts half a second after a like")
					continue
				}
				got, err := likes.ParseLive(live[len(live)-1].Value)
				if err != nil || got.Total != uint64(i+1) {
					w.fault("half a second after like %d: %s", i+1, live[len(live)-1].Value)
				}
			}
		},
	}.run(t)
}

// A leader dies in the midst of a publication. What it has announced meanwhile
// lies further on in the log, which its successor reads a batch at a time.
func TestRunningCountsDoNotGoBack(t *testing.T) {
	t.Parallel()
	p := quiet()
	p.partRecords, p.latency = 1, 10*time.Millisecond // so that likes go on between its parts
	story{
		plan: p,
		tell: func(w *world) {
			w.mutate = w.fetchesBatches
			w.start(1)
			w.until(9 * time.Second)
			h := w.hosts[0]
			h.alive().wire.set(&trap{match: requests{"", w.publishes}.nth(5), spring: func() { h.kill(comeback{}) }})
			for end := w.began.Add(20 * time.Second); h.alive() != nil && time.Now().Before(end); {
				for i := range 8 {
					w.crowd.post(fmt.Sprintf("cat-%d", i))
				}
			}
			if h.alive() != nil {
				w.fault("the processor was not killed")
			}
			h.start()
			time.Sleep(10 * time.Second)
		},
	}.run(t)
}

// fetchesBatches has processors fetch one batch of the log at a time.
func (w *world) fetchesBatches(_ *life, f *frame) {
	if f.key != kmsg.Fetch.Int16() {
		return
	}
	req := f.request().(*kmsg.FetchRequest)
	for _, t := range req.Topics {
		info := w.cluster.TopicIDInfo(t.TopicID)
		for i := range t.Partitions {
			if t.Topic == w.topics.Log || info != nil && info.Topic == w.topics.Log {
				t.Partitions[i].PartitionMaxBytes = 1
			}
		}
	}
	f.replace(req)
}

// Bad records: each kind to the dead letters, and no like behind them waits.
func TestBadRecordsDelayNothing(t *testing.T) {
	t.Parallel()
	story{
		plan: quiet(),
		tell: func(w *world) {
			w.start(1)
			w.calm = time.Now()
			for reason, value := range rubbishes() {
				w.crowd.rubbish(0, []byte(reason), value)
			}
			w.crowd.rubbish(0, nil, nil)
			w.crowd.rubbish(0, nil, make([]byte, 1_000_000))
			w.crowd.put(0, "cat", time.Now())
			time.Sleep(time.Second)
			letters := w.eyes.sight().topic(w.topics.Dead)
			if len(letters) != 6 || len(w.eyes.sight().topic(w.topics.Live)) == 0 {
				w.fault("a second later there are %d dead letters, want 6, and the like behind them has to be announced", len(letters))
			}
		},
		check: func(t *testing.T, w *world) {
			if n := w.tally.n["dead letters"]; n != 6 {
				t.Errorf("%d dead letters, want 6", n)
			}
			for _, r := range w.eyes.sight().topic(w.topics.Aggregations[0]) {
				if !json.Valid(r.Value) {
					t.Errorf("%q is no JSON", r.Value)
				}
			}
		},
	}.run(t)
}
