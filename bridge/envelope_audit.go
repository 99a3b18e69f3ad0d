package bridge

// The audit envelope is an item of the Audits API. Its id is the store's own key and says nothing on other channels, so it becomes
// auditid; links only repeat it. Items of the archive have neither. Source: qlik.dev, Audits API.
var audit = shape{
	envelope: Audit,
	names: map[string]string{
		"id":          "auditid",
		"links":       "",
		"eventid":     "id",
		"eventtime":   "time",
		"eventtype":   "type",
		"contenttype": "datacontenttype",
	},
}

// isAudit tells an item from a legacy event by what only items have at top level.
func isAudit(m members) bool {
	return m.has("eventtype") && !m.has("type") && !m.has("cloudeventsversion") &&
		(m.has("tenantid") || m.has("userid") || m.has("links") || !m.has("eventid"))
}
