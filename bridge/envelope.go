package bridge

import (
	"crypto/sha256"
	"encoding/hex"

	"qlikbridge/topics"
)

// Envelope is the form in which Qlik wrapped an event.
type Envelope string

// The envelopes, each in a file of its own.
const (
	Legacy      Envelope = "legacy"
	Hybrid      Envelope = "hybrid"
	CloudEvents Envelope = "cloudevents"
	Audit       Envelope = "audit"
)

// shape is what sets one envelope apart: the attribute that each of its older names means. "" leaves the member out, since it speaks
// of the envelope and not of the event.
type shape struct {
	envelope Envelope
	names    map[string]string // :: member in lower case -> attribute
}

// detect tells the envelope by its identifying members. A body without any is taken for a CloudEvent: several of Qlik's pages do not
// require specversion.
func detect(m members, origin Origin) *shape {
	switch {
	case isHybrid(m):
		return &hybrid
	case isCloudEvent(m):
		return &cloudEvents
	case origin == Audits || isAudit(m):
		return &audit
	case isLegacy(m):
		return &legacy
	}
	return &cloudEvents
}

// Normalise reads the event that a delivery carries, in whatever envelope, and makes it a valid CloudEvent 1.0. It is pure and safe for
// concurrent use. The error is always a *Refusal: the delivery is a dead letter.
//
// The event's Data and some of its attributes are parts of d.Body, which must not change while the event is in use.
func Normalise(d Delivery, catalog *topics.Catalog) (*Event, error) {
	m, err := readBody(d.Body)
	if err != nil {
		return nil, err
	}
	s := detect(m, d.Origin)
	e := &Event{Envelope: s.envelope, ReceivedAt: d.ReceivedAt, TraceParent: d.TraceParent, attributes: make([]attribute, 0, len(m)+4)}
	if err := e.take(m, s); err != nil {
		return nil, err
	}
	if err := e.identify(d.Body, catalog); err != nil {
		return nil, err
	}
	e.classify(catalog)
	if err := e.mend(); err != nil {
		return nil, err
	}
	return e, nil
}

// hashID is the id of an event that was sent without one: a retry of the same body has the same.
func hashID(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256-" + hex.EncodeToString(sum[:])
}
