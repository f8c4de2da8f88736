package chaos_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"distributed-counter/chaos/check"
	"distributed-counter/chaos/load"
)

// kind is what a number counts: it decides what growth is too small to mean
// anything.
type kind int

const (
	unjudged   kind = iota // it grows by design, or is not ours
	memory                 // MB
	goroutines             // number
	files                  // open, number
	disk                   // MB
	served                 // goroutines or open files of who serves the load's connections
)

// negligible is a growth that is none, by kind: what a garbage collector, a
// connection or a half-full segment may make of a row of samples. The load opens
// connections as the machine is busy, and the API has one goroutine for each or,
// while it answers, two.
var negligible = map[kind]float64{memory: 8, goroutines: 5, files: 10, disk: 8, served: load.MaxConnections}

// tolerated is the growth that is none, as a part of the mean.
const tolerated = 0.10

// row is one number over time.
type row struct {
	name   string
	kind   kind
	values []float64 // one per sample
}

// history is all that was sampled.
type history struct {
	settled time.Duration // samples before it are not judged
	samples []time.Duration
	rows    []*row
}

func (h *history) add(at time.Duration, all []reading) {
	h.samples = append(h.samples, at)
	for i, r := range all {
		if i == len(h.rows) {
			h.rows = append(h.rows, &row{name: r.name, kind: r.kind})
		}
		h.rows[i].values = append(h.rows[i].values, r.value)
	}
}

func (h *history) last() time.Duration {
	if len(h.samples) == 0 {
		return 0
	}
	return h.samples[len(h.samples)-1].Round(time.Second)
}

// growth is by how much the line of least squares through a row's samples
// rises from the instant of settling to the end, and the samples' mean.
func (h *history) growth(r *row) (grown, mean float64) {
	var n, sumT, sumV, sumTT, sumTV float64
	for i, at := range h.samples {
		if at < h.settled {
			continue
		}
		t, v := at.Seconds(), r.values[i]
		n, sumT, sumV, sumTT, sumTV = n+1, sumT+t, sumV+v, sumTT+t*t, sumTV+t*v
	}
	spread := n*sumTT - sumT*sumT
	if n < 2 || spread == 0 {
		return 0, sumV / math.Max(n, 1)
	}
	slope := (n*sumTV - sumT*sumV) / spread
	return slope * (h.samples[len(h.samples)-1] - h.settled).Seconds(), sumV / n
}

// flat says whether a row that is judged has not grown since all had settled:
// by the line through its samples, less than a tenth of its mean, or less than
// what is negligible.
func (h *history) flat(r *row) bool {
	grown, mean := h.growth(r)
	return r.kind == unjudged || grown < math.Max(tolerated*mean, negligible[r.kind])
}

// grown are the names of what is not flat.
func (h *history) grown() (names []string) {
	for _, r := range h.rows {
		if !h.flat(r) {
			names = append(names, r.name)
		}
	}
	return names
}

// table shows each row at every sixth of the time, its growth, and the verdict.
func (h *history) table(span time.Duration) string {
	var b strings.Builder
	b.WriteString("| minute |")
	var marks []int
	for i := range 6 {
		at := time.Duration(i+1) * span / 6
		fmt.Fprintf(&b, " %.3g |", at.Minutes())
		marks = append(marks, h.at(at))
	}
	b.WriteString(" growth | |\n|---|" + strings.Repeat("---|", len(marks)+2) + "\n")
	for _, r := range h.rows {
		fmt.Fprintf(&b, "| %s |", r.name)
		for _, i := range marks {
			if i < 0 {
				b.WriteString(" |")
				continue
			}
			fmt.Fprintf(&b, " %.3g |", r.values[i])
		}
		grown, _ := h.growth(r)
		verdict := map[bool]string{true: "flat", false: "GROWS"}[h.flat(r)]
		if r.kind == unjudged {
			verdict = ""
		}
		fmt.Fprintf(&b, " %+.2g | %s |\n", grown, verdict)
	}
	return b.String()
}

// csv is all samples, a column per row of the table.
func (h *history) csv() []byte {
	b := []byte("seconds")
	for _, r := range h.rows {
		b = append(b, ","+r.name...)
	}
	for i, at := range h.samples {
		b = fmt.Appendf(append(b, '\n'), "%.0f", at.Seconds())
		for _, r := range h.rows {
			b = fmt.Appendf(b, ",%g", r.values[i])
		}
	}
	return append(b, '\n')
}

// at is the first sample at or after an instant, −1 where there is none yet.
func (h *history) at(instant time.Duration) int {
	for i, at := range h.samples {
		if at >= instant {
			return i
		}
	}
	return -1
}

// topicKinds are the topics, and whether they are cleaned: by compaction, or by
// their owner who deletes what is no longer needed. The others are kept for
// days and grow until then.
func topicKinds() []struct {
	name    string
	cleaned bool
} {
	t := check.DefaultTopics()
	return []struct {
		name    string
		cleaned bool
	}{
		{t.Positions, true}, {t.Log, true}, {t.Changelog, true}, {t.Live, true},
		{"__consumer_offsets", true}, {"__transaction_state", true},
		{t.Ingestion, false}, {t.Dead, false}, {t.Finals[0], false}, {t.Finals[1], false}, {t.Finals[2], false},
	}
}

// TestFlat shows that the verdict of a soak can be either.
func TestFlat(t *testing.T) {
	const samples = 360 // an hour's
	noise := func(i int) float64 { return float64(i*7919%13) / 13 }
	for _, c := range []struct {
		name string
		kind kind
		at   func(i int) float64
		want bool
	}{
		{"level", memory, func(int) float64 { return 100 }, true},
		{"noise", memory, func(i int) float64 { return 100 + 40*noise(i) }, true},
		{"growth before all had settled", memory, func(i int) float64 { return float64(min(i, 60)) }, true},
		{"teeth of a saw", disk, func(i int) float64 { return 30 + float64(i%36) }, true},
		{"falling", memory, func(i int) float64 { return 500 - float64(i) }, true},
		{"a leak under noise", memory, func(i int) float64 { return 100 + float64(i)/12 + 40*noise(i) }, false},
		{"a leak that begins late", memory, func(i int) float64 { return 100 + max(0, float64(i-200)) }, false},
		{"a goroutine a minute", goroutines, func(i int) float64 { return 50 + float64(i/6) }, false},
		{"connections that are opened when it is busy", served, func(i int) float64 { return 60 + float64(i/12) }, true},
		{"a goroutine in three thousand requests", served, func(i int) float64 { return 60 + float64(i*10)/3 }, false},
		{"a file a minute", files, func(i int) float64 { return 40 + float64(i/6) }, false},
		{"a disk that fills", disk, func(i int) float64 { return float64(i) }, false},
		{"growth that is meant", unjudged, func(i int) float64 { return float64(i) }, true},
	} {
		h := &history{settled: samples / 6 * sampleEvery}
		for i := range samples {
			h.add(time.Duration(i)*sampleEvery, []reading{{c.name, c.kind, c.at(i)}})
		}
		if got := h.flat(h.rows[0]); got != c.want {
			grown, mean := h.growth(h.rows[0])
			t.Errorf("%s: flat %v, want %v (growth %.3g, mean %.3g)", c.name, got, c.want, grown, mean)
		}
	}
}
