package settings

import (
	"log/slog"
	"os"

	"golang.org/x/term"
)

// Logger is the logger of a process: text where a person watches, JSON where a
// machine collects, unless COUNTER_LOG_FORMAT says which. Only mains call it.
func (s *Settings) Logger(w *os.File) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel}
	asText := s.LogFormat == "text"
	if s.LogFormat == "auto" {
		asText = term.IsTerminal(int(w.Fd()))
	}
	if asText {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// Log writes each note once. Mains call it right after the start.
func Log(log *slog.Logger, notes []Note) {
	for _, n := range notes {
		log.Info("setting "+n.Text, "name", n.Name)
	}
}
