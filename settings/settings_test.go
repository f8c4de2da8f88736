package settings_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distributed-counter/likes"
	"distributed-counter/settings"
)

// What nobody sets is what the contract says.
func TestDefaultsAreTheContracts(t *testing.T) {
	got, notes, err := settings.Load(nil)
	if err != nil || len(notes) > 0 {
		t.Fatalf("Load of an empty environment: notes %v, error %v", notes, err)
	}
	want := settings.Settings{
		LogLevel: slog.LevelInfo, LogFormat: "auto",
		Brokers: []string{"localhost:9094"}, KafkaSASL: "none", Replication: 1, Group: "distirbuted-video-clicks-counter",
		Topics:     likes.DefaultTopics(),
		Partitions: settings.Partitions{Ingestion: 3, Log: 3, Aggregations: [3]int{1, 1, 1}},
		APIAddr:    ":3000", GatewayAddr: ":8000", AdminAddr: "localhost:0", KafkaAddr: "localhost:9094",
		DataDir:       "data",
		StoreCacheMiB: 64, StoreWriteBufferMiB: 8, Pane: time.Minute, Grace: 5 * time.Second, IdleAfter: 2 * time.Second,
		CommitInterval: 100 * time.Millisecond, LiveInterval: 100 * time.Millisecond, LiveBudget: 5000,
		EventTime: "append", IngestionRetention: 24 * time.Hour, DevInterval: 20 * time.Second,
		APIDeadline: 4 * time.Second, APIOrigins: []string{"http://localhost:8000", "http://127.0.0.1:8000"},
		APIStages: []string{"dev", "prod"}, APIInFlight: 4096,
		EventNames:     [3]string{"live_aggregations_1", "live_aggregations_5", "live_aggregations_10"},
		GatewayOrigins: []string{"*"}, GatewayRooms: 200, GatewayClients: 20_000, GatewayPerAddress: 1000,
		GatewayMaxPayload: 1_000_000, PageAPI: ":3000/dev",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

// Every name of the table, aliases too, reaches the settings: with a good
// value other than the default something changes, or a note says that the
// setting has no use.
func TestEveryNameIsRead(t *testing.T) {
	defaults, _, err := settings.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range settings.Table() {
		for _, name := range append([]string{row.Name}, row.Aliases...) {
			env := []string{name + "=" + another(row)}
			got, notes, err := settings.Load(env)
			switch {
			case err != nil:
				t.Errorf("Load(%q): %v", env, err)
			case row.UsedBy == "nobody":
				if len(notes) != 1 || notes[0].Name != name {
					t.Errorf("Load(%q): notes %v, want one about %s", env, notes, name)
				}
			case cmp.Equal(defaults, got):
				t.Errorf("Load(%q) changes nothing", env)
			case len(notes) > 0:
				t.Errorf("Load(%q): notes %v, want none", env, notes)
			}
		}
		if row.Meaning == "" || row.Accepts == "" || row.UsedBy == "" {
			t.Errorf("%s is not documented: %+v", row.Name, row)
		}
	}
}

// another is a value that the row accepts and that is not its default.
func another(row settings.Setting) string {
	switch {
	case strings.HasPrefix(row.Accepts, "a number") && row.Name != "COUNTER_GATEWAY_MAX_PAYLOAD":
		return "7"
	case strings.HasPrefix(row.Accepts, "host:port"):
		return "127.0.0.1:7777"
	}
	special := map[string]string{
		"MODE": "dev", "LOG_LEVEL": "WARNING", "COUNTER_LOG_FORMAT": "json", "COUNTER_EVENT_TIME": "create",
		"KAFKA_BROKERS": "elsewhere:9092", "COUNTER_GATEWAY_PEERS": "gateways:8000", "COUNTER_API_ORIGINS": "https://example.com", "COUNTER_API_STAGES": "staging",
		"COUNTER_GATEWAY_ORIGINS": "https://example.com", "COUNTER_PAGE_API": "https://example.com/prod", "COUNTER_GATEWAY_MAX_PAYLOAD": "5000",
		"COUNTER_GRACE": "7s", "COUNTER_INGESTION_RETENTION": "48h",
		"COUNTER_KAFKA_TLS": "on", "COUNTER_KAFKA_SASL": "plain",
	}
	switch v, ok := special[row.Name]; {
	case ok:
		return v
	case strings.HasPrefix(row.Accepts, "a duration"):
		return "700ms"
	default:
		return "another"
	}
}

func TestBrokers(t *testing.T) {
	for _, tc := range []struct {
		name string
		env  []string
		want []string
	}{
		{"as the originals write it", []string{"KAFKA_BROKER_URL=kafka://kafka.broker.1.local:9092"}, []string{"kafka.broker.1.local:9092"}},
		{"without a scheme", []string{"KAFKA_BROKER_URL=localhost:9094"}, []string{"localhost:9094"}},
		{"a list", []string{"KAFKA_BROKERS=kafka://one:1, two:2;kafka://three"}, []string{"one:1", "two:2", "three:9092"}},
		{"an IPv6 address", []string{"KAFKA_BROKERS=[::1]:9094,[::1]"}, []string{"[::1]:9094", "[::1]:9092"}},
		{"the better name wins", []string{"KAFKA_BROKER_URL=old:1", "KAFKA_BROKERS=new:2"}, []string{"new:2"}},
		{"an empty one is not set", []string{"KAFKA_BROKERS=", "KAFKA_BROKER_URL=old:1"}, []string{"old:1"}},
		{"by default the embedded one", []string{"COUNTER_KAFKA_ADDR=:7000"}, []string{"localhost:7000"}},
	} {
		got, _, err := settings.Load(tc.env)
		if diff := cmp.Diff(tc.want, got.Brokers); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", tc.name, err, diff)
		}
	}
}

// What is wrong is said with its name, what was found and what was expected.
func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		env  string
		want string
	}{
		{"COUNTER_PANE=90", `COUNTER_PANE is "90": expected a duration from 100ms to 1h`},
		{"COUNTER_PANE=50ms", "expected a duration from 100ms to 1h"},
		{"COUNTER_PANE=2h", "expected a duration"},
		{"COUNTER_PANE=100500us", "whole milliseconds"},
		{"COUNTER_GRACE=-1s", "COUNTER_GRACE"},
		{"COUNTER_COMMIT_INTERVAL=6s", "from 10ms to 5s"},
		{"COUNTER_REPLICATION=0", "a number from 1 to 16"},
		{"COUNTER_LIVE_BUDGET=many", "a number from"},
		{"COUNTER_EVENT_TIME=now", "append or create"},
		{"COUNTER_API_ADDR=3000", "host:port"},
		{"COUNTER_API_ADDR=:70000", "65535"},
		{"COUNTER_API_ORIGINS=example.com", "a list of origins"},
		{"COUNTER_API_ORIGINS=https://example.com/path", "a list of origins"},
		{"COUNTER_API_ORIGINS=*,https://example.com", "* alone"},
		{"COUNTER_API_STAGES=videos", "not videos"},
		{"COUNTER_API_STAGES=a/b", "letters"},
		{"COUNTER_GATEWAY_ORIGINS=example.com", "a list of origins"},
		{"COUNTER_GATEWAY_ROOMS=0", "a number from 1 to 10000"},
		{"COUNTER_GATEWAY_MAX_PAYLOAD=100", "a number from 1024"},
		{"COUNTER_GATEWAY_PEERS=gateway-1", "a list such as gateway-1:8000"},
		{"COUNTER_GATEWAY_PEERS=gateway-1:8000,:8001", "a list such as gateway-1:8000"},
		{"COUNTER_GATEWAY_ADDRESS_HEADER=X Y", "the name of a header"},
		{"COUNTER_PAGE_API=3000", "a URL such as"},
		{"COUNTER_PAGE_API=:port/dev", "a URL such as"},
		{"COUNTER_PAGE_API=ftp://example.com", "a URL such as"},
		{"COUNTER_PAGE_API=https://example.com/dev/", "without a slash at the end"},
		{"MODE=production", "prod or dev"},
		{"LOG_LEVEL=loud", "debug, info"},
		{"KAFKA_BROKERS=http://localhost:9094", "localhost:9094"},
		{"KAFKA_BROKERS=localhost:0", "KAFKA_BROKERS"},
		{"KAFKA_BROKER_URL=,", "KAFKA_BROKER_URL"},
		{"VIDEO_EVENTS_INGESTION_TOPIC_NAME=a b", "a topic name"},
		{"VIDEO_EVENTS_INGESTION_TOPIC_NAME=" + strings.Repeat("a", 240), "1 to 239"},
		{"VIDEO_EVENTS_REPARTITIONED_TOPIC_PARTITIONS=1001", "1 to 1000"},
		{"VIDEO_LIKES_LIVE_TOPIC_NAME=video_clicks_ingestion", "a topic of its own"},
		{"VIDEO_CLICKS_DEAD_TOPIC_NAME=video_clicks_partitioned-changelog", "a topic of its own"},
		{"COUNTER_API_DEADLINE=5s", "less than COUNTER_GRACE"},
		{"COUNTER_GRACE=3s", "less than COUNTER_GRACE"},
		{"COUNTER_PAIN=1m", "COUNTER_PAIN: there is no such setting: expected COUNTER_PANE?"},
		{"COUNTER_SOMETHING_ELSE=1", "no such setting: expected one of the names"},
		{"COUNTER_PANEL=", "COUNTER_PANEL: there is no such setting"},
	} {
		_, _, err := settings.Load([]string{tc.env})
		name, _, _ := strings.Cut(tc.env, "=")
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Load(%q) = %v, want one line with %q", tc.env, err, tc.want)
		} else if !strings.Contains(err.Error(), name) && name != "COUNTER_GRACE" {
			t.Errorf("Load(%q) = %v, does not name the setting", tc.env, err)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, _, err := settings.Load([]string{"MODE=x", "COUNTER_PANE=x", "COUNTER_ZZZ=x", "COUNTER_AAA=x"})
	if err == nil {
		t.Fatal("Load: no error")
	}
	var got []string
	for line := range strings.Lines(err.Error()) {
		got = append(got, strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ':' })[0])
	}
	want := []string{"MODE", "COUNTER_PANE", "COUNTER_AAA", "COUNTER_ZZZ"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestNotes(t *testing.T) {
	_, got, err := settings.Load([]string{
		"KAFKA_BROKERS=a:1", "KAFKA_BROKER_URL=b:2",
		"KAFKA_GROUP_ID_FOR_WORKER=g", "KAFKA_GROUP_ID_FOR_WORKDER=g",
		"AGGREGATION_TABLE_NAME_5_MIN=five", "PATH=/bin", "UNRELATED=1",
	})
	want := []settings.Note{
		{Name: "KAFKA_BROKER_URL", Text: "is ignored: KAFKA_BROKERS says otherwise and is the better name"},
		{Name: "AGGREGATION_TABLE_NAME_5_MIN", Text: "has no use here and is ignored: a table of the original counter"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, notes (-want +got):\n%s", err, diff)
	}
}

// The shipped files load without a fault or a note and are what they say.
func TestShippedEnvironments(t *testing.T) {
	for _, tc := range []struct {
		file    string
		dev     bool
		origins []string
	}{
		{".env.dev", true, []string{"*"}},
		{".env.prod", false, []string{"http://localhost:8000", "http://localhost:8001", "http://127.0.0.1:8000"}},
	} {
		got, notes, err := settings.Load(environment(t, filepath.Join("..", "config", tc.file)))
		if err != nil || len(notes) > 0 {
			t.Errorf("%s: notes %v, error %v", tc.file, notes, err)
		}
		if got.Dev != tc.dev || !cmp.Equal(got.APIOrigins, tc.origins) {
			t.Errorf("%s: dev %v, origins %v; want %v, %v", tc.file, got.Dev, got.APIOrigins, tc.dev, tc.origins)
		}
	}
}

// environment reads a file of NAME=value lines and # comments.
func environment(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var env []string
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			env = append(env, line)
		}
	}
	return env
}

// The page finds the API where the settings put it.
func TestPageFollowsTheAPI(t *testing.T) {
	for _, tc := range []struct {
		env  []string
		want string
	}{
		{[]string{"COUNTER_API_ADDR=0.0.0.0:4000"}, ":4000/dev"},
		{[]string{"COUNTER_API_STAGES=prod,dev"}, ":3000/prod"},
		{[]string{"COUNTER_API_STAGES=none"}, ":3000"},
		{[]string{"COUNTER_PAGE_API=https://example.com/prod"}, "https://example.com/prod"},
	} {
		got, _, err := settings.Load(tc.env)
		if err != nil || got.PageAPI != tc.want {
			t.Errorf("Load(%q): API of the page %q, error %v; want %q", tc.env, got.PageAPI, err, tc.want)
		}
	}
}

// A process started by hand with MODE=dev lets every page use the API.
func TestOriginsFollowTheMode(t *testing.T) {
	got, _, err := settings.Load([]string{"MODE=dev"})
	if err != nil || !cmp.Equal(got.APIOrigins, []string{"*"}) {
		t.Errorf("origins with MODE=dev: %v, error %v; want *", got.APIOrigins, err)
	}
	got, _, err = settings.Load([]string{"MODE=dev", "COUNTER_API_ORIGINS=none"})
	if err != nil || len(got.APIOrigins) != 0 {
		t.Errorf("origins none: %v, error %v; want none", got.APIOrigins, err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, row := range settings.Table() {
		f.Add(row.Name, row.Default)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		s, _, err := settings.Load([]string{name + "=" + value})
		if err == nil && (len(s.Brokers) == 0 || s.Pane <= 0 || s.APIDeadline >= s.Grace) {
			t.Errorf("%s=%q was accepted and gives %+v", name, value, s)
		}
	})
}
