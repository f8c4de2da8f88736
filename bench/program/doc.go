// Package program runs the programs that are measured, each as a process of its
// own, and reads what the process and the operating system tell of it: when it
// was ready, what its log says, its metrics, its CPU time and memory.
//
// It hides ports, signals and /proc. It imports nothing of what it runs.
package program
