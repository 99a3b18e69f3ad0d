package doctor

import (
	"context"
	"fmt"
	"slices"
)

// brokers looks at the cluster itself, and goes to the brokers that it names.
func (x *examination) brokers(ctx context.Context) ([]Finding, bool) {
	all, err := x.client.Cluster(ctx)
	if err != nil {
		return []Finding{fail(cluster, "", err, "see what the brokers' own logs say")}, false
	}
	x.cluster = all
	found := []Finding{ok(cluster, "", "id %s, brokers: %d, version by its protocol: %s", all.ID, len(all.Brokers), all.Version)}
	var targets []target
	known := len(all.Brokers)
	for _, b := range all.Brokers {
		if !slices.Contains(x.Config.Kafka.Brokers, b.Address) {
			targets = append(targets, target{b.Address, fmt.Sprintf("broker %d, advertised as %s", b.ID, b.Address), true})
			known--
		}
	}
	more, in := x.approach(ctx, targets)
	return append(found, more...), known+in > 0
}
