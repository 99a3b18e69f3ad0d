// Package spool keeps deliveries on disk while Kafka does not take them. A lane has a folder, and in it a write-ahead log of segments: the one
// that Prometheus keeps its samples in (tsdb/wlog: records in pages of 32 KiB, each with its CRC-32C). What this package adds is group commit,
// bounds, what is settled, and reading on behind damage.
//
// It knows nothing of Kafka and does not decide when anything is replayed: that is package bridge.
package spool
