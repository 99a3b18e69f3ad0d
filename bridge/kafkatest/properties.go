package kafkatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// clusterID is any valid one; a cluster with other brokers of the same id cannot be reached by accident, ports are its own.
const clusterID = "a2Fma2F0ZXN0LXFsaWstYg"

// replication are the properties that follow from the number of nodes, the same in a container and in a process. The
// internal topics get few partitions, since making fifty of each takes the first consumer seconds; the first
// rebalance does not wait for members that a test has not got. All else is Kafka's default.
func replication(nodes int) map[string]string {
	replicas, inSync := "1", "1"
	if nodes > 1 {
		replicas, inSync = "3", "2"
	}
	return map[string]string{
		"default.replication.factor":                       replicas,
		"min.insync.replicas":                              inSync,
		"offsets.topic.replication.factor":                 replicas,
		"offsets.topic.num.partitions":                     "4",
		"transaction.state.log.replication.factor":         replicas,
		"transaction.state.log.min.isr":                    inSync,
		"transaction.state.log.num.partitions":             "4",
		"share.coordinator.state.topic.replication.factor": replicas,
		"share.coordinator.state.topic.min.isr":            inSync,
		"group.initial.rebalance.delay.ms":                 "0",
	}
}

// with returns the union of the maps; a later one wins.
func with(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// propertiesFile writes what java.util.Properties reads.
func propertiesFile(p map[string]string) []byte {
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&b, "%s=%s\n", k, escape.Replace(p[k]))
	}
	return []byte(b.String())
}

// javaOptions are those of the broker's JVM: a small heap, and unless it is measured a compiler and a collector that
// start quickly and take few threads from the tests beside them.
func javaOptions(opts Options) []string {
	heap := fmt.Sprintf("%dm", opts.HeapMiB)
	if opts.Bench {
		return []string{"-Xmx" + heap, "-Xms" + heap, "-XX:+UseSerialGC"}
	}
	return []string{"-Xmx" + heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}
}
