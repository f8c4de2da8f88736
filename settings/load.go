package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// prefix begins the names that are ours alone, so that a misspelt one can be
// told from another program's.
const prefix = "COUNTER_"

// Load reads the settings from an environment as os.Environ returns it:
// NAME=value each, the last of a name counts. It is a function of its argument
// alone.
//
// The error joins all faults, one line each, in the order of the table: a
// value out of bounds, an unknown COUNTER_ name, values that do not fit
// together. With an error the settings are of no use; the notes are.
func Load(environ []string) (Settings, []Note, error) {
	l := loader{env: parse(environ), known: map[string]bool{}}
	for _, row := range Table() {
		l.read(row)
	}
	l.unknown()
	l.settings.Topics = l.settings.Topics.WithInternal()
	if len(l.faults) == 0 {
		l.faults = check(&l.settings)
	}
	return l.settings, l.notes, errors.Join(l.faults...)
}

func parse(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		env[name] = strings.TrimSpace(value)
	}
	return env
}

type loader struct {
	env      map[string]string
	known    map[string]bool
	settings Settings
	notes    []Note
	faults   []error
}

// read sets the row's default, then what the environment says.
func (l *loader) read(row Setting) {
	name, value := l.lookup(row)
	if row.set == nil {
		if name != "" {
			l.note(name, "has no use here and is ignored: "+row.Meaning)
		}
		return
	}
	if name == "" {
		name, value = row.Name, row.Default
		if row.derived != nil {
			value = row.derived(&l.settings)
		}
		if value == "" {
			return
		}
	}
	if err := row.set(&l.settings, value); err != nil {
		if row.secret {
			value = "(hidden)"
		}
		l.faults = append(l.faults, fmt.Errorf("%s is %q: expected %s", name, clip(value), row.Accepts))
	}
}

// lookup finds the name under which the environment has a setting, and says so
// where another name for it has another value. The name is empty where it has
// none.
func (l *loader) lookup(row Setting) (name, value string) {
	for _, n := range append([]string{row.Name}, row.Aliases...) {
		l.known[n] = true
		v := l.env[n]
		switch {
		case v == "":
		case name == "":
			name, value = n, v
		case v != value:
			l.note(n, "is ignored: "+name+" says otherwise and is the better name")
		}
	}
	return name, value
}

func (l *loader) note(name, text string) {
	l.notes = append(l.notes, Note{Name: name, Text: text})
}

func (l *loader) unknown() {
	var names []string
	for name := range l.env {
		if strings.HasPrefix(name, prefix) && !l.known[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		l.faults = append(l.faults, fmt.Errorf("%s: there is no such setting: %s", clip(name), l.nearest(name)))
	}
}

// nearest proposes a name: a misspelt setting is worth more than a list of
// fifty.
func (l *loader) nearest(name string) string {
	best, least := "", 4 // more changes than this is another word
	for known := range l.known {
		d := distance(name, known)
		if strings.HasPrefix(known, prefix) && (d < least || d == least && known < best) {
			best, least = known, d
		}
	}
	if best == "" {
		return "expected one of the names in docs/settings.md, or none"
	}
	return "expected " + best + "?"
}

// distance is the number of letters to change, add or drop between two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// clip keeps a fault on one readable line.
func clip(v string) string {
	const longest = 80
	if len(v) <= longest {
		return v
	}
	return strings.ToValidUTF8(v[:longest], "") + "…"
}

// check holds what no row can see alone.
func check(s *Settings) []error {
	var faults []error
	if s.APIDeadline >= s.Grace {
		faults = append(faults, fmt.Errorf(
			"COUNTER_API_DEADLINE is %q: expected less than COUNTER_GRACE, which is %q: a like must be counted in the window it was confirmed in",
			short(s.APIDeadline), short(s.Grace)))
	}
	t := s.Topics
	seen := map[string]string{}
	for _, n := range []struct{ name, topic string }{
		{"VIDEO_EVENTS_INGESTION_TOPIC_NAME", t.Ingestion}, {"the positions beside it", t.Positions},
		{"VIDEO_EVENTS_REPARTITIONED_TOPIC_NAME", t.Log}, {"the changelog beside it", t.Changelog},
		{"LIKES_1_MIN_AGGREGATION_TOPIC_NAME", t.Aggregations[0]},
		{"LIKES_5_MIN_AGGREGATION_TOPIC_NAME", t.Aggregations[1]},
		{"LIKES_10_MIN_AGGREGATION_TOPIC_NAME", t.Aggregations[2]},
		{"VIDEO_LIKES_LIVE_TOPIC_NAME", t.Live}, {"VIDEO_CLICKS_DEAD_TOPIC_NAME", t.Dead},
	} {
		// Kafka takes a dot and an underscore for the same in its metrics.
		key := strings.ReplaceAll(n.topic, ".", "_")
		if other, taken := seen[key]; taken {
			faults = append(faults, fmt.Errorf("%s is %q: expected a topic of its own, and %s has it", n.name, n.topic, other))
		}
		seen[key] = n.name
	}
	return faults
}
