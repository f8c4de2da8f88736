// Package chaos is the proof on a real Kafka: make test-kafka. Its tests start
// a broker, the API and three processors as processes of this machine, send
// likes over HTTP, and break what can be broken: processors are killed with
// their stores kept, deleted or damaged, stopped, added, hung until they are
// zombies; ends of transactions are lost, or their answers; the broker is
// killed. Then a checker reads all topics and the load's log of answers and
// says whether each like was counted exactly once.
//
// It hides how a running system is put together from processes, and how it is
// broken on purpose. It knows the system by its programs, settings, topics and
// bytes on the wire only and imports nothing of it: a judge must not share the
// mistakes of the judged. Package check is the judge, checker its program, load
// sends the likes, proxy is the network, record reads the records.
//
// Nothing is broken in the soak, make soak: it lasts, and everything that could
// grow is measured meanwhile.
//
// That the tests can see is shown by mutants: programs built from changed
// sources, that the same chaos must convict.
package chaos
