package chaos_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"distributed-counter/chaos/check"
)

// processor is one of the counter's processes, started as often as it takes.
type processor struct {
	*process
	w     *world
	n     int
	data  string
	admin string // host:port
}

// addProcessor starts one more.
func (w *world) addProcessor() *processor {
	w.Helper()
	p := &processor{w: w, n: len(w.processors), admin: freeAddr(w.T)}
	p.data = filepath.Join(w.dir, fmt.Sprintf("processor-%d", p.n))
	w.processors = append(w.processors, p)
	p.start()
	return p
}

func (p *processor) start() {
	p.w.Helper()
	p.process = start(p.w.T, program{
		name: fmt.Sprintf("processor-%d", p.n), path: filepath.Join(p.w.bin, "processor"), dir: p.w.dir,
		env: append([]string{
			"KAFKA_BROKERS=" + p.w.broker.client, "COUNTER_DATA_DIR=" + p.data, "COUNTER_ADMIN_ADDR=" + p.admin,
			"COUNTER_PANE=" + p.w.pane.String(), "COUNTER_GRACE=" + p.w.grace.String(), "COUNTER_IDLE_AFTER=" + idleAfter.String(),
			"COUNTER_API_DEADLINE=" + p.w.deadline.String(), "COUNTER_LOG_FORMAT=json", "LOG_LEVEL=" + *logLevel,
		}, p.w.store...),
	})
}

// member is its name in the group and in its clients' ids; empty while it has
// none.
func (p *processor) member() string {
	b, err := os.ReadFile(filepath.Join(p.data, "member"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// ready is its own word.
func (p *processor) ready() bool {
	resp, err := http.Get("http://" + p.admin + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// The transactional ids of the tasks.
func sourceID(partition int) string {
	return fmt.Sprintf("%s/%d", check.DefaultTopics().Positions, partition)
}

func countID(partition int) string {
	return fmt.Sprintf("%s/%d", check.DefaultTopics().Changelog, partition)
}

// leads are the partitions of which the processor was the last to fence the
// task: what it owns, whatever it believes itself.
func (p *processor) leads(id func(int) string) (led []int) {
	if !p.running() {
		return nil
	}
	for i := range partitions {
		if m := p.member(); m != "" && strings.Contains(p.w.broker.network.Fence(id(i)).Client, m) {
			led = append(led, i)
		}
	}
	return led
}
