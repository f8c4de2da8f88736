package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// peerRun is what a peer's run prints, as far as it is compared: one line of
// JSON. Its CPU is counted from ready on, without the start of a JVM.
type peerRun struct {
	Ready     float64 `json:"start_to_ready_s"`
	Count     float64 `json:"count_s"`
	Close     float64 `json:"close_s"`
	Warm      float64 `json:"warm_events_per_s"` // over the second half of the likes
	WarmCPU   float64 `json:"warm_cpu_s_per_M"`
	CPU       float64 `json:"cpu_s_per_M"`
	BrokerCPU float64 `json:"broker_cpu_s_per_M"`
	RSS       int64   `json:"peak_rss_mb"`
	Exact     bool    `json:"exact"`
	Err       string  `json:"err"`
}

// measurePeer has another program count the same kind of likes on the same
// broker: by the script bench.sh of the peers' folder, which loads, runs,
// checks and prints.
func measurePeer(ctx context.Context, o options, w *workload, who string) (result, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(o.peers, "bench.sh"), w.name, strconv.Itoa(w.likes), "1", who)
	cmd.Env = append(os.Environ(), "BROKER="+o.broker)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", cmd, err)
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var p peerRun
	if err := json.Unmarshal(lines[len(lines)-1], &p); err != nil {
		return result{}, fmt.Errorf("%s: %w in %q", cmd, err, out)
	}
	if !p.Exact || p.Err != "" {
		return result{}, fmt.Errorf("%s: not exact: %s", cmd, out)
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	million := float64(w.likes) / 1e6
	return result{
		who: who, likes: w.likes, rss: p.RSS << 20,
		ready: seconds(p.Ready), took: seconds(p.Count + p.Close),
		cpu: seconds(p.CPU * million), brokerCPU: seconds(p.BrokerCPU * million),
		spread: fmt.Sprintf("second half, before the close: %.0f likes/s, %.1f CPU s per million", p.Warm, p.WarmCPU),
	}, nil
}
