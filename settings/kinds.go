package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// kind is how a text becomes a value: the words for what is accepted, and the
// function that stores it. Both come from the same bounds, so that what is
// printed is what is checked.
type kind struct {
	accepts string
	set     func(*Settings, string) error
}

// errNotAccepted is all a kind says: the name, what was found and what was
// expected are added in one place.
var errNotAccepted = errors.New("not accepted")

func row(name, value, users, meaning string, k kind) Setting {
	return Setting{Name: name, Default: value, UsedBy: users, Meaning: meaning, Accepts: k.accepts, set: k.set}
}

func (s Setting) also(names ...string) Setting { s.Aliases = names; return s }

// hidden says that nobody may be shown the value.
func (s Setting) hidden() Setting { s.secret = true; return s }

// follows says where the default comes from, in words and in code.
func (s Setting) follows(words string, derived func(*Settings) string) Setting {
	s.Default, s.derived = words, derived
	return s
}

func duration(field func(*Settings) *time.Duration, low, high time.Duration) kind {
	return kind{
		accepts: fmt.Sprintf("a duration from %s to %s in whole milliseconds, such as 250ms, 5s or 1m30s", short(low), short(high)),
		set: func(s *Settings, v string) error {
			d, err := time.ParseDuration(v)
			if err != nil || d < low || d > high || d%time.Millisecond != 0 {
				return errNotAccepted
			}
			*field(s) = d
			return nil
		},
	}
}

// short is 1h rather than 1h0m0s.
func short(d time.Duration) string {
	t := d.String()
	if strings.HasSuffix(t, "m0s") {
		t = strings.TrimSuffix(t, "0s")
	}
	if strings.HasSuffix(t, "h0m") {
		t = strings.TrimSuffix(t, "0m")
	}
	return t
}

func integer(field func(*Settings) *int, low, high int) kind {
	return kind{
		accepts: fmt.Sprintf("a number from %d to %d", low, high),
		set: func(s *Settings, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < low || n > high {
				return errNotAccepted
			}
			*field(s) = n
			return nil
		},
	}
}

func oneOf(store func(*Settings, string), values ...string) kind {
	return kind{
		accepts: strings.Join(values, " or "),
		set: func(s *Settings, v string) error {
			if !slices.Contains(values, strings.ToLower(v)) {
				return errNotAccepted
			}
			store(s, strings.ToLower(v))
			return nil
		},
	}
}

// level takes the names of slog and those of Python's logging, which the
// original programs used.
func level(field func(*Settings) *slog.Level) kind {
	names := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "warning": slog.LevelWarn,
		"error": slog.LevelError, "critical": slog.LevelError,
	}
	return kind{
		accepts: "debug, info, warn (or warning), error (or critical)",
		set: func(s *Settings, v string) error {
			l, ok := names[strings.ToLower(v)]
			if !ok {
				return errNotAccepted
			}
			*field(s) = l
			return nil
		},
	}
}

func text(field func(*Settings) *string, longest int) kind {
	return kind{
		accepts: fmt.Sprintf("a text of 1 to %d bytes without control characters", longest),
		set: func(s *Settings, v string) error {
			if len(v) > longest || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
				return errNotAccepted
			}
			*field(s) = v
			return nil
		},
	}
}

func topic(field func(*Settings) *string, longest int) kind {
	legal := regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	return kind{
		accepts: fmt.Sprintf("a topic name: 1 to %d letters, digits, dots, dashes and underscores", longest),
		set: func(s *Settings, v string) error {
			if len(v) > longest || !legal.MatchString(v) || v == "." || v == ".." {
				return errNotAccepted
			}
			*field(s) = v
			return nil
		},
	}
}

func address(field func(*Settings) *string) kind {
	return kind{
		accepts: "host:port or :port, the port from 0 (any free one) to 65535",
		set: func(s *Settings, v string) error {
			if _, err := hostPort(v, 0); err != nil {
				return err
			}
			*field(s) = v
			return nil
		},
	}
}

// hostPort splits an address and refuses a port outside [lowest, 65535].
func hostPort(v string, lowest int) (host string, err error) {
	host, port, err := net.SplitHostPort(v)
	if err != nil {
		return "", errNotAccepted
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < lowest || n > 65535 || strings.ContainsAny(host, " /@,;") {
		return "", errNotAccepted
	}
	return host, nil
}

// brokers takes what franz-go takes, and what Faust did: a scheme in front,
// semicolons between.
func brokers(field func(*Settings) *[]string) kind {
	return kind{
		accepts: "a list such as localhost:9094 or kafka://one:9092,two:9092",
		set: func(s *Settings, v string) error {
			var list []string
			for _, b := range split(v, ",;") {
				b = strings.TrimPrefix(b, "kafka://")
				if b != "" && !strings.Contains(b, ":") || strings.HasSuffix(b, "]") {
					b += ":9092"
				}
				host, err := hostPort(b, 1)
				if err != nil {
					return err
				}
				if host == "" {
					b = "localhost" + b
				}
				list = append(list, b)
			}
			if len(list) == 0 {
				return errNotAccepted
			}
			*field(s) = list
			return nil
		},
	}
}

func origins(field func(*Settings) *[]string) kind {
	return kind{
		accepts: "* alone, none, or a list of origins such as https://example.com,http://localhost:8000",
		set: func(s *Settings, v string) error {
			list := split(v, ",")
			if v == "none" {
				list = nil
			}
			for _, o := range list {
				u, err := url.Parse(o)
				good := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
					o == u.Scheme+"://"+u.Host
				if !good && (o != "*" || len(list) > 1) {
					return errNotAccepted
				}
			}
			*field(s) = list
			return nil
		},
	}
}

func stages(field func(*Settings) *[]string) kind {
	legal := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)
	return kind{
		accepts: "none, or a list of up to 16 names of letters, digits, dashes and underscores; not videos",
		set: func(s *Settings, v string) error {
			list := split(v, ",")
			if v == "none" {
				list = nil
			}
			for _, stage := range list {
				if !legal.MatchString(stage) || stage == "videos" || len(list) > 16 {
					return errNotAccepted
				}
			}
			*field(s) = list
			return nil
		},
	}
}

// split cuts at any of the separators and drops what is empty.
func split(v, separators string) []string {
	var list []string
	for _, f := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if f = strings.TrimSpace(f); f != "" {
			list = append(list, f)
		}
	}
	return list
}
