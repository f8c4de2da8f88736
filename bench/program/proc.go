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

// ForgetPeak makes what a process has now the most that it has had.
func ForgetPeak(pid int) error {
	const peak = "5" // as the kernel calls it
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte(peak), 0o200); err != nil {
		return fmt.Errorf("forget the peak of memory: %w", err)
	}
	return nil
}

// Network is what the system keeps of TCP, for all processes.
type Network struct {
	Bytes   int64 // in buffers
	Orphans int64 // connections that no process has any more, and that hold something unsent
}

// ReadNetwork reads it; zeros where it cannot be told.
func ReadNetwork() (n Network) {
	text, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return n
	}
	for line := range strings.Lines(string(text)) {
		numbers, is := strings.CutPrefix(line, "TCP:")
		if !is {
			continue
		}
		f := strings.Fields(numbers)
		for i := 0; i+1 < len(f); i += 2 {
			value, _ := strconv.ParseInt(f[i+1], 10, 64) // as the kernel writes it
			switch f[i] {
			case "mem":
				n.Bytes = value * int64(os.Getpagesize())
			case "orphan":
				n.Orphans = value
			}
		}
	}
	return n
}
