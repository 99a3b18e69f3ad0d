// Package deliver posts events to HTTP sinks, for consumers that do not speak Kafka: a subscriptions file says which events go where and in
// what form, each subscription reads with a consumer group of its own, and a sink that is down holds up nobody else.
//
// The path of an event: package consumer reads it and calls subscription.handle, which asks the gate whether the sink is to be tried now,
// has the sink post it, and turns the answer into what package consumer is to do next. What is wrong with a subscription never ends another.
package deliver
