package window_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"distributed-counter/likes"
	"distributed-counter/processor/window"
)

var storyIdentity = window.Identity{Group: "g", Pane: time.Minute}

// story is what the commands of a script act on.
type story struct {
	sources   []*storySource
	log       [][]byte
	committed []*window.Part
	members   map[string]*storyMember
}

type storySource struct {
	task      *window.Source
	committed window.SourcePosition
}

type storyMember struct {
	counter  *window.Counter
	store    *shelf
	followed int // of committed
}

func newStory() *story { return &story{members: map[string]*storyMember{}} }

// run runs one line and returns what it prints.
func (s *story) run(line string) string {
	words := strings.Fields(line)
	var out string
	var err error
	if words[0] == "source" {
		out, err = s.runSource(words[1:])
	} else {
		name := "A"
		if len(words[0]) == 1 {
			name, words = words[0], words[1:]
		}
		out, err = s.runMember(s.member(name), words)
	}
	if err != nil {
		out += "error: " + err.Error() + "\n"
	}
	return out
}

func (s *story) member(name string) *storyMember {
	m := s.members[name]
	if m == nil {
		m = &storyMember{store: newShelf(), counter: window.NewCounter(s.position(0))}
		s.members[name] = m
	}
	return m
}

// position is the position after so many committed parts.
func (s *story) position(parts int) window.Position {
	if parts == 0 {
		return window.Position{Identity: storyIdentity, Published: never, At: window.Progress{Frontier: never}}
	}
	return s.committed[parts-1].Position
}

func (s *story) runSource(words []string) (string, error) {
	n, err := strconv.Atoi(words[0])
	if err != nil || len(words) < 2 {
		return "", errors.New("source S like|idle|flush|abort")
	}
	for len(s.sources) <= n {
		p := &storySource{committed: window.SourcePosition{Identity: storyIdentity}}
		s.sources = append(s.sources, p)
		s.restart(p, len(s.sources)-1)
	}
	p := s.sources[n]
	switch words[1] {
	case "like":
		return addLikes(p.task, words[2:])
	case "idle":
		ms, err := parseClock(words[2])
		p.task.Idle(ms)
		return "", err
	case "abort":
		p.task.Flush(1)
		s.restart(p, n)
		return fmt.Sprintf("source %d starts again at offset %d\n", n, p.task.Next()), nil
	case "flush":
		of := len(s.sources)
		if len(words) > 2 {
			if _, err := fmt.Sscanf(words[2], "of=%d", &of); err != nil {
				return "", err
			}
		}
		commit := p.task.Flush(of)
		p.committed = commit.Position
		var out strings.Builder
		for _, b := range commit.Batches[0] {
			out.WriteString(drawBatch(len(s.log), b))
			s.log = append(s.log, b)
		}
		return out.String(), nil
	}
	return "", fmt.Errorf("what is %q", words[1])
}

func (s *story) restart(p *storySource, n int) {
	p.task = window.NewSource(window.SourceConfig{Source: n, Partitions: 1, Grace: 5 * time.Second}, p.committed)
}

// addLikes adds what words say, as in cat@00:30 x2 dog@00:31.
func addLikes(task *window.Source, words []string) (string, error) {
	out := ""
	for i, word := range words {
		id, at, found := strings.Cut(word, "@")
		if !found {
			continue // xN of the word before
		}
		ms, err := parseClock(at)
		if err != nil {
			return out, err
		}
		n := 1
		if i+1 < len(words) {
			_, _ = fmt.Sscanf(words[i+1], "x%d", &n)
		}
		for range n {
			if err := task.Add(task.Next(), ms, []byte(strings.ReplaceAll(id, `\t`, "\t"))); err != nil {
				out += fmt.Sprintf("dead letter: %v\n", err)
			}
		}
	}
	return out, nil
}

func (s *story) runMember(m *storyMember, words []string) (string, error) {
	switch words[0] {
	case "fold":
		return s.fold(m, number(words, len(s.log)))
	case "plan", "publish", "commit":
		return s.publish(m, words[0], number(words, 100))
	case "announce":
		running, err := m.counter.Announce(m.store, number(words, 1))
		return drawRunning(running), err
	case "follow":
		return s.follow(m, number(words, len(s.committed))), nil
	case "crash":
		if len(words) > 1 { // lost
			m.store = newShelf()
			for _, part := range s.committed[:m.followed] {
				m.store.put(part)
			}
		}
		m.counter = window.NewCounter(s.position(m.followed))
		return fmt.Sprintf("starts again at offset %d\n", m.counter.Next()), nil
	case "show":
		return m.counter.String(), nil
	case "skip":
		at := m.counter.Next() + 1
		_, err := m.counter.Fold(at, s.log[at])
		return "", err
	case "foreign":
		p := window.SourcePosition{Identity: storyIdentity}
		p.Pane = time.Second
		task := window.NewSource(window.SourceConfig{Partitions: 1}, p)
		task.Idle(0)
		_, err := m.counter.Fold(m.counter.Next(), task.Flush(1).Batches[0][0])
		return "", err
	}
	return "", fmt.Errorf("what is %q", words[0])
}

func number(words []string, otherwise int) int {
	if len(words) > 1 {
		if n, err := strconv.Atoi(strings.TrimPrefix(words[1], "limit=")); err == nil {
			return n
		}
	}
	return otherwise
}

func (s *story) fold(m *storyMember, n int) (string, error) {
	var sum window.Folded
	from, before := m.counter.Next(), m.counter.Frontier()
	for ; n > 0 && m.counter.Next() < int64(len(s.log)); n-- {
		f, err := m.counter.Fold(m.counter.Next(), s.log[m.counter.Next()])
		if err != nil {
			return "", err
		}
		sum.Likes += f.Likes
		sum.Late += f.Late
	}
	out := fmt.Sprintf("folded %d-%d: %v\n", from, m.counter.Next()-1, window.Count(sum))
	if f := m.counter.Frontier(); f != before {
		out += "frontier " + paneClock(f) + "\n"
	}
	return out, nil
}

// follow takes over parts that others committed.
func (s *story) follow(m *storyMember, n int) string {
	for ; n > 0 && m.followed < len(s.committed); n-- {
		part := s.committed[m.followed]
		m.followed++
		m.store.put(part)
		m.counter.Follow(part.Position)
	}
	return drawPosition(m.counter.Position())
}

func (s *story) publish(m *storyMember, how string, limit int) (string, error) {
	part, err := m.counter.Plan(m.store, limit)
	if part == nil || err != nil {
		return "nothing is due\n", err
	}
	out := drawPart(part)
	if how == "plan" {
		return out, nil
	}
	s.committed = append(s.committed, part)
	m.followed = len(s.committed)
	if how == "commit" {
		return out, nil
	}
	m.store.put(part)
	m.counter.Apply(part)
	return out, nil
}

func paneClock(p likes.Pane) string {
	if p == never {
		return "never"
	}
	return clock(int64(p) * storyIdentity.Pane.Milliseconds())
}
