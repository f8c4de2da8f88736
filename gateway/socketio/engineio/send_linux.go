//go:build linux && (amd64 || arm64)

package engineio

import (
	"syscall"
	"unsafe"
)

// sendNow writes as much of p as the kernel takes without waiting for room, and
// returns how much; 0 also where it failed. It does not tell the scheduler of
// the call, which is over in some microseconds.
func sendNow(fd int, p []byte) int {
	n, _, failed := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)),
		syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	if failed != 0 {
		return 0
	}
	return int(n)
}
