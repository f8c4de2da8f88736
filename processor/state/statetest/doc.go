// Package statetest holds every [state.Store] to the same behaviour. It hides
// what the implementations are made of: it knows a [Disk], opens stores on it
// and compares what they say with what was written.
package statetest

import (
	"testing"

	"distributed-counter/processor/state"
)

// Disk is where one store lives, empty at first.
type Disk interface {
	// Open opens the store; it fails with [state.ErrLocked] while it is open.
	Open() (state.Store, error)
	// Destroy deletes the store, which must not be open.
	Destroy() error
}

// Run runs the suite. fresh makes an empty disk, which lasts as long as the
// test it is made for, and is called for each test of the suite anew.
func Run(t *testing.T, fresh func(t testing.TB) Disk) {
	tests := []struct {
		name string
		test func(*testing.T, Disk)
	}{
		{"an empty store has nothing", testEmpty},
		{"what was put is read", testPut},
		{"videos are found, near and far", testManyVideos},
		{"what was published is read, from every id on", testPublish},
		{"a leader goes on where it followed", testPublishAfterPut},
		{"a follower's put has the rows of all panes", testFollowerPut},
		{"rows come in byte order, after an id", testRowOrder},
		{"panes before 1970 come before the others", testNegativePanes},
		{"panes older than the last ten go", testOldPanesGo},
		{"a position can be kept, replaced and removed", testHead},
		{"a batch is visible at once", testAtomic},
		{"the last put of a video counts", testLastPut},
		{"rows are a snapshot", testSnapshot},
		{"an id may have every byte", testEveryByte},
		{"a store is kept", testReopen},
		{"a wiped store is empty and works", testWipe},
		{"a store is open once", testLocked},
		{"a closed store refuses", testClosed},
		{"a destroyed store is empty", testDestroy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, fresh(t)) })
	}
	t.Run("it equals a map", func(t *testing.T) { testModel(t, fresh) })
}
