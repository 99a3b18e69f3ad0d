// Package redrive works out what it means to reset a consumer group: where a target lies in each partition, which events lie between, how
// it is taken back, and which events a copy takes. It is pure: what a group and its topics are is given to it, what is to be done comes out.
// Asking Kafka and changing it is the business of package kafka.
package redrive
