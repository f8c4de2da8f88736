package settings

import (
	"fmt"
	"io"
	"strings"
)

// Describe prints the table for people, one paragraph per setting:
//
//	COUNTER_PANE (default 1m; processor)
//	    the length of the shortest window; …
//	    a duration from 100ms to 1h …
func Describe(w io.Writer) error {
	for _, s := range Table() {
		value := s.Default
		if value == "" {
			value = "none"
		}
		also := ""
		if len(s.Aliases) > 0 {
			also = "; also " + strings.Join(s.Aliases, ", ")
		}
		head := fmt.Sprintf("%s (default %s; %s%s)", s.Name, value, s.UsedBy, also)
		if s.set == nil {
			head = s.Name + " (accepted and ignored)"
		}
		if _, err := fmt.Fprintf(w, "%s\n    %s\n    %s\n", head, s.Meaning, s.Accepts); err != nil {
			return fmt.Errorf("describe settings: %w", err)
		}
	}
	return nil
}

// Markdown prints the table for the documentation.
func Markdown(w io.Writer) error {
	const header = "| setting | default | read by | meaning | accepted |\n|---|---|---|---|---|\n"
	if _, err := io.WriteString(w, header); err != nil {
		return fmt.Errorf("write table of settings: %w", err)
	}
	for _, s := range Table() {
		names := "`" + strings.Join(append([]string{s.Name}, s.Aliases...), "`, `") + "`"
		value := s.Default
		if value != "" && s.derived == nil {
			value = "`" + value + "`"
		}
		cells := []string{names, value, s.UsedBy, s.Meaning, s.Accepts}
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
		}
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")); err != nil {
			return fmt.Errorf("write table of settings: %w", err)
		}
	}
	return nil
}
