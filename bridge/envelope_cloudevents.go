package bridge

// The CloudEvents envelope, specversion 1.0 and Qlik's 1.0.2. A lone eventType beside it does not make it hybrid: Tasks send the better
// name there. Source: qlik.dev, System events.
var cloudEvents = shape{
	envelope: CloudEvents,
	names: map[string]string{
		"eventtype": "type",
	},
}

func isCloudEvent(m members) bool { return m.has("specversion") }
