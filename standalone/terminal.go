package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"distributed-counter/likes"
	"distributed-counter/settings"
	"distributed-counter/standalone/show"
	"distributed-counter/standalone/whole"
)

// onTerminal keeps the log below the table, and what is left of it on the
// terminal afterwards.
func onTerminal(ctx context.Context, s settings.Settings, notes []settings.Note) error {
	var logTo io.Writer = os.Stderr
	var tail *show.Tail
	if term.IsTerminal(int(os.Stderr.Fd())) {
		tail = show.NewTail(os.Stderr)
		defer tail.End()
		logTo = tail
	}
	var handler slog.Handler = slog.NewTextHandler(logTo, &slog.HandlerOptions{Level: s.LogLevel, ReplaceAttr: shortTime})
	if s.LogFormat == "json" {
		handler = slog.NewJSONHandler(logTo, &slog.HandlerOptions{Level: s.LogLevel})
	}
	log := slog.New(handler)
	settings.Log(log, notes)
	err := whole.Run(ctx, whole.Config{Settings: s, Log: log, Show: func(ctx context.Context, p whole.Place) error {
		titles := make(map[likes.VideoID]string, len(p.Videos))
		for _, v := range p.Videos {
			titles[v.ID] = v.Title
		}
		table := &show.Table{
			Terminal: os.Stdout, Source: show.Source{Brokers: p.Kafka}, Topics: s.Topics, Titles: titles, Log: tail,
			Head: func() []string { return head(s, p) },
		}
		return table.Run(ctx)
	}})
	if err == nil {
		fmt.Printf("stopped; all counts are in %s\n", s.DataDir)
	}
	return err
}

// shortTime leaves the date out: below the table, a line of the log is to fit.
func shortTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.String(a.Key, a.Value.Time().Format(time.TimeOnly))
	}
	return a
}

// head says what this is and what to type next.
func head(s settings.Settings, p whole.Place) []string {
	state := "starting…"
	select {
	case <-p.Ready:
		state = curl(s, p)
	default:
	}
	return []string{
		fmt.Sprintf("Counting likes in windows of %s, %s and %s.", short(s.Pane), short(5*s.Pane), short(10*s.Pane)),
		"open the page:   " + page(p),
		"like a video:    " + state,
		"see each count:  make watch",
		fmt.Sprintf("Kafka listens at %s; the data is in %s; Ctrl-C ends.", p.Kafka[0], s.DataDir),
	}
}

// short is 1m rather than 1m0s.
func short(d time.Duration) string {
	if text, whole := strings.CutSuffix(d.String(), "m0s"); whole {
		return text + "m"
	}
	return d.String()
}

// page is the page's address.
func page(p whole.Place) string {
	_, port, _ := net.SplitHostPort(p.Page)
	return "http://localhost:" + port
}

// curl is the command that counts a like. Any text is a video's id, and a
// short one fits on a narrow terminal.
func curl(s settings.Settings, p whole.Place) string {
	_, port, _ := net.SplitHostPort(p.API)
	stage := ""
	if len(s.APIStages) > 0 {
		stage = "/" + s.APIStages[0]
	}
	return fmt.Sprintf("curl -X POST localhost:%s%s/videos/cat/likes", port, stage)
}
