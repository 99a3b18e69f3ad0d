package bridge

// The hybrid envelope carries the names of legacy and of CloudEvents together, with one data. Qlik never published an example; the
// CloudEvents member of a pair is the one that counts.
var hybrid = shape{envelope: Hybrid, names: legacy.names}

func isHybrid(m members) bool {
	return m.has("specversion") && (m.has("cloudeventsversion") || m.has("eventid"))
}
