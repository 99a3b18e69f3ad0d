package bridge

// The legacy envelope is CloudEvents 0.1 with Qlik's spelling, which varies (eventId, eventID; contentType, contenttype), so names are
// read without regard to case. Tenant, user and the rest are members of extensions. Source: qlik.dev, Apps page before 2026-04.
var legacy = shape{
	envelope: Legacy,
	names: map[string]string{
		"cloudeventsversion": "",
		"eventid":            "id",
		"eventtime":          "time",
		"eventtype":          "type",
		"contenttype":        "datacontenttype",
	},
}

func isLegacy(m members) bool {
	return m.has("cloudeventsversion") || m.has("eventid") || m.has("eventtype") && !m.has("type")
}
