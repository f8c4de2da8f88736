// Package api is the public face of the counter: it takes likes over HTTP and
// puts each one durably into Kafka before it says so.
//
//	POST [/{stage}]/videos/{id}/likes    200 {"new video":"<id>"}
//	GET  [/{stage}]/videos/metadata      200 [{"unique_identifier":"…","title":"…"}]
//	OPTIONS                              204, also as a CORS preflight
//
// Errors are problems as of RFC 9457 and say what to do:
//
//	400  the id is empty, longer than 128 bytes, not UTF-8 or has control characters
//	404  no such resource
//	405  another method, with Allow
//	413  a body of more than 64 KiB (it is ignored, but it must be read)
//	415  a body that is declared to be neither JSON, text nor a form
//	429  more likes wait for Kafka than COUNTER_API_IN_FLIGHT
//	503  Kafka did not confirm the like by the deadline, or refused it
//
// 429 and 503 carry Retry-After. After a 429 the like was not counted. After a
// 503 it was most probably not; but where Kafka got it and the confirmation
// was lost, it was, and a client that repeats it adds another. No like is sent
// after its 503.
//
// The package hides Kafka: it works, and serves the list, before Kafka does,
// and after an outage without a restart. The same handler runs in a Lambda and
// behind a listener.
package api
