// Package app wires the bridge: it turns a Config into running parts and stops them in the reverse order. Production, the command dev and
// the end-to-end tests start the same App. It owns the configuration, the admin port and the watch over Kafka; what happens to a
// delivery is not its business.
package app
