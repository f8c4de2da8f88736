// Package simulation is the proof that every like is counted, once. Its tests
// run the whole path from the HTTP handler to the final counts in one process,
// under fake time (testing/synctest), on an embedded broker (kfake) and a
// network of pipes, and let a seed decide what goes wrong.
//
// It hides how a world is built and broken. There is nothing in it to import.
//
// # The world
//
// Two to four processors, each with a network and disks of its own, a process
// with the API and one with a plain producer; two gateways, and viewers who
// watch through whichever runs. Everything between a process and the broker goes
// through its wire (wire_test.go), which sees each request and answer: it can
// cut all of them for ever at the k-th, hold them back for longer than a session
// lasts and let them through after that, or lose an answer whose request was
// obeyed. The disks (state.Disk) outlive a process;
// they are frozen at the instant of its death, and may lose their last writes,
// everything, or their wits. The memory of a process that was killed reaches
// nothing: its wires are dead and its store's handle fails.
//
// # What goes wrong
//
//   - processors are killed between any two steps, and come back with the same,
//     an older, an emptied or a damaged store; are stopped; hang; join; leave
//   - two own a partition at once: because one hung, or because the group lied
//   - transactions are refused, aborted by somebody else's fence, or end without
//     an answer
//   - the broker is away; it answers with errors, before or after it obeyed
//   - ingestion partitions are added; a reader is slow
//   - gateways are stopped, killed, cut off, hang or read slowly; viewers change
//     their rooms, go without a word, or do not read for a while
//   - likes come late, from the future, in bursts, as bytes that are no likes
//
// # What must hold
//
// An observer with a line of its own reads every topic from its first record
// on, committed or not, and fails on a gap. The oracle (oracle_test.go) shares
// no code with the processor: from the log's bytes it works out, with maps,
// which final counts there must be, and holds the outputs against them.
//
//	I1  final counts of a video = likes acknowledged, and those unanswered at most
//	I2  ten 1-minute counts = two 5-minute counts = the 10-minute count
//	I3  one final record per video and window, ever
//	I4  none before its window's end and grace; all soon after, once it is calm
//	I5  the log recounted = the outputs; ingestion recounted = the totals;
//	    a store restored from nothing = the store that was kept
//	I6  what is no like is in the dead letters, byte for byte, with the reason
//	I7  a viewer is told what committed records say, in their order, of the
//	    videos that it watches; two seconds after a reader of committed records
//	    can have a count, the viewer has it, or a newer one; where something
//	    happened to its gateway meanwhile, seven seconds after that has ended;
//	    and who was there misses no window of the last ten panes
//
// Running counts never claim more than was liked, never go down, and the last
// one of each video is right.
//
// # What a seed repeats
//
// The plan: the world's size and times, every like, and which fault strikes
// when, or at which request. Fake time moves only when nobody can do anything,
// so what happens at different instants happens in that order. What happens at
// the same instant is for the scheduler to order, and it does not repeat
// itself; GOMAXPROCS=1 makes it nearly so. A seed that failed fails again, but
// perhaps not in the first attempt: -count 20 helps.
//
//	go test ./simulation -run TestSimulation -seeds 1000
//	go test ./simulation -run TestSimulation -seed 42 -v
package simulation
