// Package consumer is the library for services that handle Qlik's events: a member of a Kafka consumer group that chooses events by type and
// hands each to a function. It logs in, chooses, keeps the order, tries again, sets aside and commits; the service does the rest.
//
// Here belongs what every service needs between a topic and its handler. How a cluster is reached is the business of package kafka, which
// names and families there are that of package topics, and what is done with an event that of the service.
//
// # Promise
//
// At least once: an event is committed only after its handler returned nil, or after it was written to the dead-letter topic of the group with
// the acknowledgement of every in-sync replica. What a process that dies had handled since its last commit, about a second's worth, is handed
// over again; a stop and a rebalance hand over nothing a second time, unless a handler takes longer than Config.Stop. A handler that must not
// act twice compares source and id, as CloudEvents has it.
//
// In order: events of one key are handled one after another, in the order of their partition, and a later one waits while an earlier one is tried
// again. Events of different keys are handled side by side.
package consumer
