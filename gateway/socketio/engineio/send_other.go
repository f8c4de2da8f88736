//go:build !linux || !(amd64 || arm64)

package engineio

import "syscall"

// sendNow writes as much of p as the kernel takes without waiting, and returns
// how much; 0 also where it failed. Descriptors of the runtime's do not block.
func sendNow(fd int, p []byte) int {
	n, err := syscall.Write(fd, p)
	if err != nil {
		return 0
	}
	return n
}
