package pipeline

import (
	"context"
	"errors"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kerr"
)

// OnGroupManageError is called by the client when it has lost its place in the
// group, or was not given one, and will ask again. What asking again may not
// mend, a permission or a password that is missing, is told, once while it stays
// the same. A broker that is away is not: others tell of it.
func (m *member) OnGroupManageError(err error) {
	m.mu.Lock()
	told := m.refusal != nil && m.refusal.Error() == err.Error()
	m.refusal = err
	m.mu.Unlock()
	m.report()
	level := slog.LevelDebug
	if refused := (*kerr.Error)(nil); errors.As(err, &refused) && !refused.Retriable && !rejoins(refused) && !told {
		level = slog.LevelWarn
	}
	m.w.cfg.Log.Log(context.Background(), level, "the group does not let this processor in, asking again", "group", m.stage.group, "reason", err)
}

// rejoins says that an error is a group's way to tell a member to join anew.
func rejoins(err error) bool {
	return errors.Is(err, kerr.UnknownMemberID) || errors.Is(err, kerr.IllegalGeneration) || errors.Is(err, kerr.FencedInstanceID)
}
