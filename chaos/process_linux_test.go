package chaos_test

import "syscall"

// attributes put a process into a group of its own, so that Ctrl-C in the
// test's terminal does not reach it first, and have it killed when the test's
// process dies before it could clean up.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
