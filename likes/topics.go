package likes

// Topics are the names of the topics, all of them settings. The public ones
// are read and written by others too; what is in the internal ones is the
// processor's alone and may change with its version.
type Topics struct {
	Ingestion    string               // public: one record per like
	Log          string               // internal: sums of likes, by video
	Positions    string               // internal: how far each ingestion partition has been read
	Aggregations [len(Windows)]string // public: final counts, one topic per row of Windows
	Live         string               // public: running counts, compacted
	Changelog    string               // internal: published state per video, compacted
	Dead         string               // public: records that are no likes
}

// DefaultTopics are the names that the original programs use, and ours.
func DefaultTopics() Topics {
	return Topics{
		Ingestion:    "video_clicks_ingestion",
		Log:          "video_clicks_partitioned",
		Aggregations: [...]string{"video_aggregations_1", "video_aggregations_5", "video_aggregations_10"},
		Live:         "video_likes_live",
		Dead:         "video_clicks_dead",
	}.WithInternal()
}

// WithInternal fills in the names that follow from others: the positions are
// beside the ingestion topic, the changelog beside the log.
func (t Topics) WithInternal() Topics {
	t.Positions = t.Ingestion + "-positions"
	t.Changelog = t.Log + "-changelog"
	return t
}
