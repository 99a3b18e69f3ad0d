// Package kafka is the bridge's side of Kafka: the producer, the topics of the catalogue on a cluster, and a reader for the command
// line. It is one of the few homes of franz-go; what a record means is the business of package bridge, what a topic is to be that of
// package topics.
package kafka
