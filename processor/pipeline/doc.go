// Package pipeline runs the processor: it joins the group, and works on the
// partitions that the group gives it, in two stages. PARTITION sums the likes
// of an ingestion partition and sends the sums to the log partitions that own
// the videos. COUNT folds a log partition and publishes its counts.
//
// It hides Kafka: groups, transactions, fences, restores and all that can go
// wrong with them. What is counted is decided in package window, without I/O;
// here is when it is read, and when it is true.
//
// A task is the work on one partition in one stage: one goroutine, one
// transactional producer. The group says who should run a task; the
// transactional id, which is derived from the partition that holds the task's
// position, decides who may. Its life:
//
//	assigned ──► fence ──► barrier ──► resume ──► work ──┐
//	               ▲                                     │ an end that is no
//	               │        accepted                     │ sure commit
//	               └───────────────── ask the group ◄────┘
//
// From every state, a revoked or lost assignment ends the task. Nothing about
// correctness rests on that being in time: the fence does.
package pipeline
