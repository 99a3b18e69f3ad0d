// Package kafkatest starts a real Apache Kafka for tests and benchmarks: one that KAFKA_BROKERS names, one in a container,
// or brokers run as processes from Apache Kafka's own jars, whichever the machine can offer. Faults (a killed, a paused
// broker) and a cluster with security need the processes.
//
// Here belongs what starts, breaks and stops a Kafka. What is asked of the Kafka belongs to the tests that use it; the
// embedded double (kfake) lives in bridge/sandbox. The bridge itself never imports this package; tests and the benchmark do. It needs a Unix.
package kafkatest
