package kafka_test

import (
	"testing"

	"qlikbridge/bridge/kafkatest"
)

func TestConformance(t *testing.T) {
	t.Run("kfake", func(t *testing.T) {
		h, _ := fake(t)
		conformance(t, h)
	})
	t.Run("real", func(t *testing.T) {
		cluster := startReal(t, kafkatest.Options{})
		h := newHarness(t, cluster.Brokers())
		h.provider = cluster.Provider()
		conformance(t, h)
	})
}

// conformance is what the bridge relies on of a Kafka and of this package together. It runs the same on each.
func conformance(t *testing.T, h *harness) {
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *harness)
	}{
		{"acknowledged with its position", acknowledged},
		{"order per key", orderPerKey},
		{"round trip", roundTrip},
		{"compression", compression},
		{"largest record", largestRecord},
		{"records that fit are not refused together", fitTogether},
		{"a topic's limit is raised and lowered", limitChanges},
		{"a limit that was applied", limitApplied},
		{"largest body", largestBody},
		{"unknown topic", unknownTopic},
		{"buffer full of records", bufferFullOfRecords},
		{"buffer full of bytes", bufferFullOfBytes},
		{"context ended", contextEnded},
		{"connections that break", brokenConnections},
		{"topic deleted under load", deletedUnderLoad},
		{"no broker", noBroker},
		{"closed", closedClient},

		{"provision an empty cluster", provisionEmpty},
		{"add partitions", addPartitions},
		{"raise retention", raiseRetention},
		{"compacted topic", compactedTopic},
		{"raise min.insync.replicas", raiseMinInsync},
		{"created by another at the same time", createdTwice},

		{"read since a time", readSince},
		{"read from the end", readFromEnd},
		{"read at offsets", readAt},
		{"offsets from a time", offsetsFrom},
		{"reader's context", readerContext},
		{"reader's deadlines", readerDeadlines},

		{"scan a topic", scanWhole},
		{"scan large records", scanLarge},
		{"scan what is deleted", scanDeleted},
		{"scan over gaps", scanGaps},
		{"scan's end", scanEnds},
		{"scan with Kafka away", scanAway},
		{"find a record", findRecord},
		{"a group's offsets", groupOffsets},
		{"a live group", liveGroup},
		{"where a moment lies", marks},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, h) })
	}
}
