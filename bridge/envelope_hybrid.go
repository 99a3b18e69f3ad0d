package bridge

// The hybrid envelope carries the names of legacy and of CloudEvents together, with one data. Qlik never published an example; the
// CloudEvents member of a pair is the one that counts.
var hybrid = shape{
	envelope: Hybrid,
	names: map[string]string{
		"cloudeventsversion": "",
		"eventid":            "id",
		"eventtime":          "time",
		"eventtype":          "type",
		"contenttype":        "datacontenttype",
	},
}

func isHybrid(m members) bool {
	return m.has("specversion") && (m.has("cloudeventsversion") || m.has("eventid"))
}
