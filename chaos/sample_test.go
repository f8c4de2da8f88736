package chaos_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sampleEvery is the time between two looks at everything.
const sampleEvery = 10 * time.Second

// reading is one number about one thing at one time.
type reading struct {
	name  string
	kind  kind
	value float64 // in the kind's unit
}

// sample reads what is to be seen of processes and topics.
func (w *world) sample() (all []reading) {
	w.Helper()
	for _, p := range w.processors {
		all = append(all, w.vitals(p.name, p.admin, p.process)...)
		all = append(all, reading{p.name + " state MB", disk, mega(folderBytes(w, p.data))})
	}
	for _, r := range w.vitals("api", w.apiAdmin, w.api) {
		if r.kind == goroutines || r.kind == files {
			r.kind = served
		}
		all = append(all, r)
	}
	kafka, _ := w.memoryBytes(w.broker.process)
	all = append(all, reading{"kafka RSS MB", unjudged, mega(kafka)})
	return append(all, w.topicBytes()...)
}

// vitals are what a process tells of itself.
func (w *world) vitals(name, admin string, p *process) []reading {
	w.Helper()
	m := w.scrape(admin)
	resident, own := w.memoryBytes(p)
	return []reading{
		{name + " memory MB", memory, mega(own)},
		{name + " RSS MB", unjudged, mega(resident)},
		{name + " Go heap MB", memory, mega(m["go_memstats_heap_inuse_bytes"])},
		{name + " goroutines", goroutines, m["go_goroutines"]},
		{name + " open files", files, m["process_open_fds"]},
		{name + " CPU s", unjudged, m["process_cpu_seconds_total"]},
		{name + " tasks begun again", unjudged, m["counter_tasks_interrupted_total"]},
	}
}

// scrape reads /metrics, each name with the sum over its labels.
func (w *world) scrape(admin string) map[string]float64 {
	w.Helper()
	resp, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	all := make(map[string]float64)
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		line := lines.Text()
		end := strings.LastIndexByte(line, ' ')
		if end < 0 || line[0] == '#' {
			continue
		}
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			w.Fatalf("metric %q: %v", line, err)
		}
		name, _, _ := strings.Cut(line[:end], "{")
		all[name] += value
	}
	if err := lines.Err(); err != nil {
		w.Fatal(err)
	}
	return all
}

// topicBytes is the disk of each topic as Kafka tells it, and the sum of those
// that must not grow for ever.
func (w *world) topicBytes() (all []reading) {
	w.Helper()
	dirs, err := w.admin.DescribeAllLogDirs(w.Context(), nil)
	if err != nil {
		w.Fatal(err)
	}
	sizes := make(map[string]int64)
	for _, d := range dirs.Sorted() {
		for topic, partitions := range d.Topics {
			for _, p := range partitions {
				sizes[topic] += p.Size
			}
		}
	}
	sum := int64(0)
	for _, t := range topicKinds() {
		all = append(all, reading{"topic " + t.name + " MB", unjudged, mega(sizes[t.name])})
		if t.cleaned {
			sum += sizes[t.name]
		}
	}
	return append(all, reading{"topics that are cleaned MB", disk, mega(sum)})
}

// folderBytes is the size of all files below a folder, of which some may come
// and go meanwhile.
func folderBytes(w *world, dir string) (sum int64) {
	w.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return ignoreGone(err)
		}
		info, err := e.Info()
		if err == nil {
			sum += info.Size()
		}
		return ignoreGone(err)
	})
	if err != nil {
		w.Fatal(err)
	}
	return sum
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// memoryBytes is what of a process is in memory, and what of that is its own:
// not the pages of programs and libraries, which are mapped as they are first
// used and which the kernel may drop at any time. It wants Linux.
func (w *world) memoryBytes(p *process) (resident, own float64) {
	w.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		w.Fatalf("memory of %s: %v", p.name, err)
	}
	var size, all, shared float64
	if _, err := fmt.Sscan(string(b), &size, &all, &shared); err != nil {
		w.Fatalf("memory of %s: %v", p.name, err)
	}
	page := float64(os.Getpagesize())
	return all * page, (all - shared) * page
}

func mega[N int64 | float64](bytes N) float64 { return float64(bytes) / 1e6 }
