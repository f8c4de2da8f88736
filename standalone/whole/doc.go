// Package whole is the whole path of a like in one process: a Kafka broker
// that is embedded, the API and a processor. `make run` starts it; tests start
// it on free ports.
//
// It hides the embedded broker, and the order in which the parts start and
// stop. The parts are those of the other programs, wired as there: nothing
// here counts anything, and all that the parts tell each other goes through
// Kafka's protocol over a socket.
package whole
