package program

import (
	"fmt"
	"slices"
	"time"
)

// Times are durations of one kind, to be told as quantiles.
type Times []time.Duration

// At is the quantile q, from 0 to 1, of times that were sorted; 0 of none.
func (t Times) At(q float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[int(q*float64(len(t)-1))]
}

// Sort sorts them in place, for At.
func (t Times) Sort() { slices.Sort(t) }

// Columns heads what Row says.
const Columns = "    p50 ms     p99 ms     max ms"

// Row is three columns of milliseconds: median, 99th percentile, most.
func (t Times) Row() string {
	t.Sort()
	ms := func(q float64) float64 { return float64(t.At(q).Microseconds()) / 1000 }
	return fmt.Sprintf("%10.2f %10.2f %10.2f", ms(.5), ms(.99), ms(1))
}
