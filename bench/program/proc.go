package program

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of /proc/PID/stat, the same on every Linux.
const clockTick = 10 * time.Millisecond

// CPU is the CPU time of a process so far; 0 where it cannot be told.
func CPU(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64) // as the kernel writes it
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * clockTick
}

// Resident is the memory, in bytes, that a process has now; 0 where it cannot be
// told.
func Resident(pid int) int64 { return status(pid, "VmRSS") }

// Peak is the most memory, in bytes, that a process has had; 0 where it cannot
// be told. What the system tells of a process that has ended would not do: that
// begins with the size of whoever started it.
func Peak(pid int) int64 { return status(pid, "VmHWM") }

// status reads a number of kilobytes from /proc.
func status(pid int, name string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, is := strings.CutPrefix(line, name+":"); is {
			kb, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64) // as the kernel writes it
			return kb << 10
		}
	}
	return 0
}
