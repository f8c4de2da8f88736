// Package hostile is the clients that a gateway must survive: who never reads,
// who never ends a request or a handshake, who sends bytes one at a time, too
// many at once or wrong ones, and who only comes and goes. They all attack at the
// same time, each kind in numbers and at a rate that the table of kinds states.
//
// It hides how to be a nuisance at little cost: a goroutine per kind looks at its
// sockets twenty times a second, everything it sends was made beforehand, and the
// runtime does not watch the sockets, so that what the gateway sends them wakes
// nobody. The machine is the gateway's, also where it is a small one.
package hostile
