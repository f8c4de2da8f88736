package docs_test

import (
	"fmt"
	"slices"
	"strings"
)

// rule is one sentence about imports. Packages and imports are named by
// prefix, whole path elements: "processor" is also "processor/window".
type rule struct {
	says  string   // its line on the page
	in    []string // whom it binds; none: every package
	but   []string // whom it does not bind
	alone string   // the one package that it does not bind; those below it are bound
	never []string // what must not be imported
	may   []string // what may be imported nevertheless
	mains bool     // it does not bind programs
	tests bool     // it binds tests too

	example example
}

// example is an import that breaks a rule.
type example struct{ dir, imports string }

// Two groups of imports.
const (
	ours       = module
	thirdParty = "…" // whatever has a dot in its first element, a domain
)

var rules = []rule{
	{
		says:    "Nothing but the standard library is imported by `likes`.",
		in:      []string{"likes"},
		never:   []string{ours, thirdParty},
		example: example{"likes", "github.com/twmb/franz-go/pkg/kgo"},
	},
	apart("functions", "processor", "gateway"),
	apart("processor", "functions", "gateway"),
	apart("gateway", "functions", "processor"),
	{
		says: "The core, `processor/window`, does no I/O and knows no clock, goroutine or logger; besides the standard library it imports `likes` only.",
		in:   []string{"processor/window"},
		never: []string{ours, thirdParty, "bufio", "context", "crypto/rand", "io", "log", "math/rand", "net", "os",
			"runtime", "sync", "syscall", "testing"},
		may:     []string{ours + "/likes"},
		example: example{"processor/window", "log/slog"},
	},
	{
		says:    "RocksDB is known to `processor/state` alone.",
		alone:   "processor/state",
		never:   []string{"github.com/linxGnu/grocksdb"},
		example: example{"processor/pipeline", "github.com/linxGnu/grocksdb"},
		tests:   true,
	},
	{
		says:    "Lambda is known to the main package of `functions` alone.",
		alone:   "functions",
		never:   []string{"github.com/aws/aws-lambda-go", "github.com/awslabs"},
		example: example{"functions/api", "github.com/aws/aws-lambda-go/lambda"},
		tests:   true,
	},
	{
		says:    "The SDK of AWS is known to `settings/iam` alone.",
		alone:   "settings/iam",
		never:   []string{"github.com/aws/aws-sdk-go-v2"},
		example: example{"functions", "github.com/aws/aws-sdk-go-v2/aws"},
		tests:   true,
	},
	{
		says:    "The embedded broker, kfake, is linked into `standalone` and `simulation` only; tests may use it.",
		but:     []string{"standalone", "simulation"},
		never:   []string{"github.com/twmb/franz-go/pkg/kfake"},
		example: example{"processor/pipeline", "github.com/twmb/franz-go/pkg/kfake"},
	},
	{
		says:    "`settings` is read where programs are wired: in mains, `processor/setup`, `gateway/setup` and `standalone`; every other package is given a Config.",
		but:     []string{"settings", "standalone", "processor/setup", "gateway/setup"},
		mains:   true,
		never:   []string{ours + "/settings"},
		example: example{"functions/api", ours + "/settings"},
	},
	{
		says:    "The Socket.IO server, `gateway/socketio`, knows neither likes nor Kafka.",
		in:      []string{"gateway/socketio"},
		never:   []string{ours, "github.com/twmb"},
		may:     []string{ours + "/gateway/socketio"},
		example: example{"gateway/socketio/engineio", ours + "/likes"},
	},
	{
		says:    "The judge must not share the mistakes of the judged: `chaos` imports nothing of ours, not even in tests.",
		in:      []string{"chaos"},
		never:   []string{ours},
		may:     []string{ours + "/chaos"},
		tests:   true,
		example: example{"chaos/checker", ours + "/likes"},
	},
	{
		says:    "Nothing is imported from `standalone` or `simulation`: they are at the top.",
		but:     []string{"standalone", "simulation"},
		never:   []string{ours + "/standalone", ours + "/simulation"},
		tests:   true,
		example: example{"processor/pipeline", ours + "/simulation"},
	},
}

// apart is the rule that one stage knows nothing of the others.
func apart(stage string, others ...string) rule {
	r := rule{
		says:    "`functions`, `processor` and `gateway` never import each other: what they share, they share through topics.",
		in:      []string{stage},
		tests:   true,
		example: example{stage + "/x", ours + "/" + others[0]},
	}
	for _, o := range others {
		r.never = append(r.never, ours+"/"+o)
	}
	return r
}

// breaches says who imports what the rule forbids.
func (r rule) breaches(all []pkg) []string {
	var found []string
	for _, p := range all {
		if !r.binds(p) {
			continue
		}
		imports := p.Imports
		if r.tests {
			imports = slices.Concat(p.Imports, p.Tests)
		}
		for _, i := range imports {
			if under(i, r.never) && !under(i, r.may) {
				found = append(found, fmt.Sprintf("%s imports %s", p.Dir, i))
			}
		}
	}
	return found
}

func (r rule) binds(p pkg) bool {
	if r.mains && p.Name == "main" || r.alone == p.Dir || under(p.Dir, r.but) {
		return false
	}
	return len(r.in) == 0 || under(p.Dir, r.in)
}

// under says whether a path is one of the prefixes, or below one.
func under(name string, prefixes []string) bool {
	first, _, _ := strings.Cut(name, "/")
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		if prefix == thirdParty {
			return strings.Contains(first, ".")
		}
		return name == prefix || strings.HasPrefix(name, prefix+"/")
	})
}
