// Package feed knows the newest counts of every video: it reads the topics
// that the processors publish and tells an [Audience] of each change.
//
// It hides Kafka: which partitions there are, where reading begins, what
// happens while Kafka or the topics are not there. It reads everything, without
// a group, so any number of replicas each know all there is.
//
//	video_likes_live          compacted; from its start: running counts and totals
//	video_aggregations_1…10   from where they were 30 panes ago: final counts
//
// What was written while nobody read is taken in silently. Once every partition
// has been read to where it ended at the start, the feed is ready; from then on
// each change is told at once; of what has gathered while changes were told, the
// newest running counts of each video, and the final count of each window that is
// [Feed.Recent].
//
// # Memory
//
// A video takes about 350 bytes: its last running record and its last final
// count per window, nothing per client and nothing that grows with time. A
// million videos are 350 MB. The map is bounded by the videos that ever got a
// like, as the compacted topic is.
package feed
