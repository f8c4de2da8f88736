package settings

import "log/slog"

// Setting is a row of the table: one setting and how it is read.
type Setting struct {
	Name    string   // of the variable, the better one where there are several
	Aliases []string // other names; Name wins over them, an earlier over a later
	Meaning string
	Default string // as one would write it, or in words where it follows from another
	Accepts string // in words; "anything" for what is ignored
	UsedBy  string // the processes that read it, or "nobody"

	secret  bool                          // its value is not for logs
	set     func(*Settings, string) error // nil: accepted and ignored
	derived func(*Settings) string        // the default where it follows from rows above
}

// Who reads a setting.
const (
	all          = "all"
	api          = "api"
	processor    = "processor"
	gateway      = "gateway"
	standalone   = "standalone"
	nobody       = "nobody"
	servers      = "processor, gateway, api"
	kafkaClients = "api, processor, gateway"
)

// Table is every setting there is, in the order in which [Describe] prints
// them. The rows are the caller's to keep.
func Table() []Setting {
	rows := processRows()
	rows = append(rows, kafkaRows()...)
	rows = append(rows, topicRows()...)
	rows = append(rows, timeRows()...)
	rows = append(rows, apiRows()...)
	rows = append(rows, gatewayRows()...)
	return append(rows, originalRows()...)
}

func processRows() []Setting {
	return []Setting{
		row("MODE", "prod", "processor, api", "dev makes likes by itself, for trying things out, and lets every origin use the API",
			oneOf(func(s *Settings, v string) { s.Dev = v == "dev" }, "prod", "dev")),
		row("LOG_LEVEL", "info", all, "the lowest level that is logged",
			level(func(s *Settings) *slog.Level { return &s.LogLevel })),
		row("COUNTER_LOG_FORMAT", "auto", all, "auto writes text to a terminal and JSON elsewhere",
			oneOf(func(s *Settings, v string) { s.LogFormat = v }, "auto", "text", "json")),
		row("COUNTER_KAFKA_ADDR", "localhost:9094", standalone, "where the embedded broker listens",
			address(func(s *Settings) *string { return &s.KafkaAddr })),
		row("KAFKA_BROKERS", "", kafkaClients, "the Kafka brokers to ask first",
			brokers(func(s *Settings) *[]string { return &s.Brokers })).
			also("KAFKA_BROKER_URL").
			follows("COUNTER_KAFKA_ADDR", func(s *Settings) string { return s.KafkaAddr }),
		row("COUNTER_REPLICATION", "1", processor, "copies of each topic that is created; with 3 or more, two must have a record before it counts as written",
			integer(func(s *Settings) *int { return &s.Replication }, 1, 16)),
		row("KAFKA_GROUP_ID_FOR_WORKER", "distirbuted-video-clicks-counter", processor, "the consumer group; the spelling of the default is the original's, whose users have offsets under it",
			text(func(s *Settings) *string { return &s.Group }, 200)).
			also("KAFKA_GROUP_ID_FOR_WORKDER"),
		row("COUNTER_API_ADDR", ":3000", api, "where the API listens, outside of Lambda",
			address(func(s *Settings) *string { return &s.APIAddr })),
		row("COUNTER_GATEWAY_ADDR", ":8000", gateway, "where the gateway listens",
			address(func(s *Settings) *string { return &s.GatewayAddr })),
		row("COUNTER_ADMIN_ADDR", "localhost:0", servers, "where /livez, /readyz and /metrics are; port 0 takes a free one and logs it",
			address(func(s *Settings) *string { return &s.AdminAddr })),
		row("COUNTER_DATA_DIR", "data", processor, "the folder for local state; one process at a time locks it",
			text(func(s *Settings) *string { return &s.DataDir }, 4096)),
		row("COUNTER_STORE_CACHE_MIB", "64", processor, "the cache that all stores of a processor share; it fills over hours and stays full",
			integer(func(s *Settings) *int { return &s.StoreCacheMiB }, 1, 1<<16)),
		row("COUNTER_STORE_WRITE_BUFFER_MIB", "8", processor, "what the store of each log partition gathers in memory before it writes a file; it can have twice as much",
			integer(func(s *Settings) *int { return &s.StoreWriteBufferMiB }, 1, 1<<10)),
	}
}

func topicRows() []Setting {
	const (
		suffixed = 249 - len("-changelog") // leaves room for the name of the topic beside it
		longest  = 249
	)
	return []Setting{
		row("VIDEO_EVENTS_INGESTION_TOPIC_NAME", "video_clicks_ingestion", kafkaClients, "one record per like; its positions are kept in <name>-positions",
			topic(func(s *Settings) *string { return &s.Topics.Ingestion }, suffixed)),
		row("VIDEO_EVENTS_INGESTION_TOPIC_PARTITIONS", "3", processor, "its partitions; may grow",
			integer(func(s *Settings) *int { return &s.Partitions.Ingestion }, 1, 1000)),
		row("VIDEO_EVENTS_REPARTITIONED_TOPIC_NAME", "video_clicks_partitioned", processor, "the log of sums by video; the published state is kept in <name>-changelog",
			topic(func(s *Settings) *string { return &s.Topics.Log }, suffixed)),
		row("VIDEO_EVENTS_REPARTITIONED_TOPIC_PARTITIONS", "3", processor, "its partitions; never changes once there is data",
			integer(func(s *Settings) *int { return &s.Partitions.Log }, 1, 1000)),
		row("LIKES_1_MIN_AGGREGATION_TOPIC_NAME", "video_aggregations_1", "processor, gateway", "final counts of one pane",
			topic(func(s *Settings) *string { return &s.Topics.Aggregations[0] }, longest)),
		row("LIKES_1_MIN_AGGREGATION_TOPIC_PARTITIONS", "1", processor, "its partitions",
			integer(func(s *Settings) *int { return &s.Partitions.Aggregations[0] }, 1, 1000)),
		row("LIKES_5_MIN_AGGREGATION_TOPIC_NAME", "video_aggregations_5", "processor, gateway", "final counts of five panes",
			topic(func(s *Settings) *string { return &s.Topics.Aggregations[1] }, longest)),
		row("LIKES_5_MIN_AGGREGATION_TOPIC_PARTITIONS", "1", processor, "its partitions",
			integer(func(s *Settings) *int { return &s.Partitions.Aggregations[1] }, 1, 1000)),
		row("LIKES_10_MIN_AGGREGATION_TOPIC_NAME", "video_aggregations_10", "processor, gateway", "final counts of ten panes",
			topic(func(s *Settings) *string { return &s.Topics.Aggregations[2] }, longest)),
		row("LIKES_10_MIN_AGGREGATION_TOPIC_PARTITIONS", "1", processor, "its partitions",
			integer(func(s *Settings) *int { return &s.Partitions.Aggregations[2] }, 1, 1000)),
		row("VIDEO_LIKES_LIVE_TOPIC_NAME", "video_likes_live", "processor, gateway", "running counts; as many partitions as the log",
			topic(func(s *Settings) *string { return &s.Topics.Live }, longest)),
		row("VIDEO_CLICKS_DEAD_TOPIC_NAME", "video_clicks_dead", processor, "records that are no likes",
			topic(func(s *Settings) *string { return &s.Topics.Dead }, longest)),
		row("ONE_MINUTE_AGGREGATIONS_EVENT_NAME", "live_aggregations_1", gateway, "the Socket.IO event of final counts of one pane",
			text(func(s *Settings) *string { return &s.EventNames[0] }, 100)),
		row("FIVE_MINUTE_AGGREGATIONS_EVENT_NAME", "live_aggregations_5", gateway, "the same of five panes",
			text(func(s *Settings) *string { return &s.EventNames[1] }, 100)),
		row("TEN_MINUTE_AGGREGATIONS_EVENT_NAME", "live_aggregations_10", gateway, "the same of ten panes",
			text(func(s *Settings) *string { return &s.EventNames[2] }, 100)),
	}
}
