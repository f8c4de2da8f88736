// Package admin tells operators and their machines how a process is:
//
//	GET /livez    200 while it can go on by itself, 503 when it should be restarted
//	GET /readyz   200 while it does its work, 503 with what is not ready
//	GET /metrics  Prometheus metrics
//	GET /debug/pprof/…  profiles of the running process, for go tool pprof;
//	              on an address of admin's own only, see [Serve]
//
// It hides how parts of a process are asked: nobody asks them. Each part has a
// [Check] and says so itself when its state changes. The package knows nothing
// of likes or Kafka.
package admin
