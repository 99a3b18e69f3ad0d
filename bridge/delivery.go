package bridge

import "time"

// Origin is the channel that a delivery came by.
type Origin string

// The origins.
const (
	Webhook Origin = "webhook" // pushed and signed by Qlik
	Audits  Origin = "audits"  // fetched from the Audits API
)

// Delivery is one event as it was received: nothing has looked inside it yet.
type Delivery struct {
	Origin     Origin
	Source     string // the name of the configured source
	Body       []byte // untouched; whoever keeps it longer than the call copies it
	ReceivedAt time.Time
	// TraceParent is the W3C traceparent of the request, "" where it had none or one that is not valid.
	TraceParent string
}
