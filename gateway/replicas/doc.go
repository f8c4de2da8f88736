// Package replicas lets gateways behind one balancer serve the sessions of each
// other: a client of HTTP long-polling opens a connection now and then, and its
// session lives on the gateway that its first one led to.
//
//	client ──GET /socket.io/?sid=A…──► balancer ──► gateway B ──► gateway A
//
// Each gateway has a name, made up when it starts, with which its session ids
// begin. A request with another's id is passed on to it: a polling request as it
// is, a WebSocket as a tunnel. Who lives where is asked of the peers that the
// operator has listed, at /replica, when a name comes that is not known. A name
// never says where to connect: no client can send a gateway to an address.
//
// It hides names, addresses and connections between gateways. What it passes on
// it does not understand.
package replicas
