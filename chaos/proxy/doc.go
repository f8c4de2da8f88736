// Package proxy stands between all Kafka clients and the broker, and loses what
// a network loses: the request that ends a transaction, or its answer. It also
// knows who was fenced when, and holds the broker to its word: whatever an
// earlier owner of a transactional id still sends is refused.
//
// It hides Kafka's framing and the three requests that it understands: Produce,
// InitProducerId and EndTxn. Everything else passes through unseen.
//
// The broker must be told to name the proxy's address as its own.
package proxy
