// Package check follows a running counter through its topics and says whether
// it counted exactly once. It is given committed records, in each partition's
// order, as they appear, and the load's own log of answers; it recounts the log
// and the likes themselves, and holds everything that was published against
// that.
//
// It hides what the invariants mean in terms of records:
//
//	I1  final counts add up to the likes that were acknowledged, and at most
//	    those whose answer nobody knows
//	I2  ten one-minute counts are two five-minute counts are one ten-minute count
//	I3  at most one final record per video and window
//	I4  none before its window's end and grace; all within a bound after it,
//	    once all tasks run
//	I5  a recount of the log is what was published, to the last like; so is a
//	    recount of the likes; the changelog and the last running counts too
//	I6  bad records are dead letters, byte for byte
//	owner  of each partition that one task at a time may write, nobody writes
//	    any more once another has
package check

import (
	"time"

	"distributed-counter/chaos/record"
)

// Topics are the names of the topics.
type Topics struct {
	Ingestion, Log, Positions, Changelog, Live, Dead string
	Finals                                           [len(windows)]string
}

// DefaultTopics are the names that the processor uses unless it is told others.
func DefaultTopics() Topics {
	return Topics{
		Ingestion: "video_clicks_ingestion",
		Log:       "video_clicks_partitioned",
		Positions: "video_clicks_ingestion-positions",
		Changelog: "video_clicks_partitioned-changelog",
		Live:      "video_likes_live",
		Dead:      "video_clicks_dead",
		Finals:    [...]string{"video_aggregations_1", "video_aggregations_5", "video_aggregations_10"},
	}
}

// All are all of them.
func (t Topics) All() []string {
	return append(t.Finals[:], t.Ingestion, t.Log, t.Positions, t.Changelog, t.Live, t.Dead)
}

// windows are the final counts' types and lengths in panes, in the order of
// Topics.Finals.
var windows = [...]struct {
	name  string
	panes int64
}{{"1min", 1}, {"5min", 5}, {"10min", 10}}

// Config is what the counter was told, and what its outputs are held to.
type Config struct {
	Topics  Topics
	Pane    time.Duration
	Grace   time.Duration
	Idle    time.Duration // the idle limit
	Slack   time.Duration // on top of grace and idle limit, for a window to be final
	Sources int           // ingestion partitions
	Logs    int           // log partitions
}

func (c *Config) ms() int64 { return c.Pane.Milliseconds() }

func (c *Config) start(pane int64) time.Time { return time.UnixMilli(pane * c.ms()).UTC() }

func (c *Config) owner(video string) int { return record.Partition(video, c.Logs) }
