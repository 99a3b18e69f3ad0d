// Package doctor checks an installation from the outside in: the configuration and its files, each broker, what the login may do, the
// topics, the clock, and the running bridge with one event that goes the whole way. It only finds and says what to do; it mends nothing.
// How Kafka is asked is the business of package kafka.
package doctor
