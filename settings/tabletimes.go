package settings

import "time"

func timeRows() []Setting {
	return []Setting{
		row("COUNTER_PANE", "1m", "processor, gateway", "the length of the shortest window; the others are 5 and 10 of it; data that was counted with another length stops the start",
			duration(func(s *Settings) *time.Duration { return &s.Pane }, 100*time.Millisecond, time.Hour)),
		row("COUNTER_GRACE", "5s", processor, "how long a window stays open after its end, for likes that are on their way; above COUNTER_API_DEADLINE",
			duration(func(s *Settings) *time.Duration { return &s.Grace }, 0, time.Hour)),
		row("COUNTER_IDLE_AFTER", "2s", processor, "after this long without likes, time in a partition follows the clock",
			duration(func(s *Settings) *time.Duration { return &s.IdleAfter }, 100*time.Millisecond, 10*time.Minute)),
		row("COUNTER_COMMIT_INTERVAL", "100ms", processor, "the time between two transactions that move likes from the ingestion topic to the log",
			duration(func(s *Settings) *time.Duration { return &s.CommitInterval }, 10*time.Millisecond, 5*time.Second)),
		row("COUNTER_LIVE_INTERVAL", "100ms", processor, "the least time between two running counts of one video",
			duration(func(s *Settings) *time.Duration { return &s.LiveInterval }, 10*time.Millisecond, time.Minute)),
		row("COUNTER_LIVE_BUDGET", "5000", processor, "running counts per second and log partition; what exceeds it waits, the busiest videos first",
			integer(func(s *Settings) *int { return &s.LiveBudget }, 1, 1_000_000)),
		row("COUNTER_EVENT_TIME", "append", processor, "what the ingestion topic is created with: append takes the broker's time of each like, create the producer's (backfills, trusted producers)",
			oneOf(func(s *Settings, v string) { s.EventTime = v }, "append", "create")),
		row("COUNTER_INGESTION_RETENTION", "24h", processor, "how long the ingestion topic keeps likes: the longest outage of all processors that loses none",
			duration(func(s *Settings) *time.Duration { return &s.IngestionRetention }, time.Minute, 366*24*time.Hour)),
		row("COUNTER_DEV_INTERVAL", "20s", processor, "the time between two likes of MODE=dev",
			duration(func(s *Settings) *time.Duration { return &s.DevInterval }, 10*time.Millisecond, 24*time.Hour)),
	}
}

func apiRows() []Setting {
	return []Setting{
		row("COUNTER_API_DEADLINE", "4s", api, "a like that Kafka has not confirmed by then is answered 503; below COUNTER_GRACE",
			duration(func(s *Settings) *time.Duration { return &s.APIDeadline }, 10*time.Millisecond, 29*time.Second)),
		row("COUNTER_API_ORIGINS", "", api, "whose pages may use the API from a browser (CORS)",
			origins(func(s *Settings) *[]string { return &s.APIOrigins })).
			follows("* where MODE=dev, else the page at the gateway's default address", func(s *Settings) string {
				if s.Dev {
					return "*"
				}
				return "http://localhost:8000,http://127.0.0.1:8000"
			}),
		row("COUNTER_API_STAGES", "dev,prod", api, "path prefixes that are accepted beside none: /dev/videos/… is /videos/…",
			stages(func(s *Settings) *[]string { return &s.APIStages })),
		row("COUNTER_API_IN_FLIGHT", "4096", api, "likes of one process that may wait for Kafka; more are answered 429",
			integer(func(s *Settings) *int { return &s.APIInFlight }, 1, 100_000)),
		row("COUNTER_VIDEOS_FILE", "", api, `the list of videos, a JSON file such as [{"unique_identifier":"…","title":"…"}]; without it, three examples`,
			text(func(s *Settings) *string { return &s.VideosFile }, 4096)),
	}
}

// originalRows are settings of the original programs that nothing of ours
// could use.
func originalRows() []Setting {
	return []Setting{
		ignored("KAFKA_GROUP_ID_FOR_CONSUMER", "the gateway's consumer group: every gateway reads everything, without a group"),
		ignored("AGGREGATION_TABLE_NAME_1_MIN", "a table of the original counter"),
		ignored("AGGREGATION_TABLE_NAME_5_MIN", "a table of the original counter"),
		ignored("AGGREGATION_TABLE_NAME_10_MIN", "a table of the original counter"),
	}
}

func ignored(name, meaning string) Setting {
	return Setting{Name: name, Meaning: meaning, Accepts: "anything", UsedBy: nobody}
}
