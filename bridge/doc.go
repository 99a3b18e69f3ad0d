// Package bridge is the domain: what happens to one delivery from Qlik Cloud until it is a record on a Kafka topic. README.md beside
// this file walks the path with the names of the functions.
//
// It belongs here when it speaks of deliveries, envelopes, events, families, receipts, dead letters or signing secrets. It does not
// when it needs a socket, Kafka's protocol or an HTTP framework: those are the packages below, which import this one; of one another they know only watch.
package bridge
