package bridge

import (
	"cmp"
	"mime"
	"strings"
	"time"

	"qlikbridge/topics"
)

// maxIdentityBytes bounds id, source and type, which stand in a record and again in its headers, so that a record cannot outgrow by much
// the body that it was made from.
const maxIdentityBytes = 1024

// identify finds type and id. Of two names that differ the one that the catalogue knows as a current name is the type, else the
// attribute type; the other stays in eventtype.
func (e *Event) identify(body []byte, catalog *topics.Catalog) error {
	e.Type, _ = e.pull("type")
	if other := e.Attribute("eventtype"); other != "" && !catalog.IsCurrent(e.Type) && catalog.IsCurrent(other) {
		e.pull("eventtype")
		e.set("eventtype", e.Type)
		e.Type = other
	}
	if e.Type == "" {
		return Refuse(NoType, "neither type nor eventType is there")
	}
	e.ID, _ = e.pull("id")
	if e.ID == "" && e.Envelope == Audit {
		e.ID = e.Attribute("auditid")
	}
	if e.ID == "" {
		e.Repairs.add(IDMissing)
		e.ID = hashID(body)
	}
	return nil
}

// classify finds the family, the partition key, and where the event names none, the source.
func (e *Event) classify(catalog *topics.Catalog) {
	sourceOf, rules := "", topics.Rules(nil)
	if t, ok := catalog.Lookup(e.Type); ok {
		e.Family, rules, sourceOf = t.Family, t.Key, t.Source
		if t.Name != e.Type {
			e.Today = t.Name
		}
	} else {
		e.Family, _ = catalog.Family(topics.Other)
		rules = e.Family.Key
	}
	e.Key = rules.Key(e.Attribute, e.Data)
	e.source(sourceOf)
}

func (e *Event) source(documented string) {
	if documented == "" {
		documented = topics.DefaultSource
	}
	sent, _ := e.pull("source")
	switch {
	case sent == "":
		e.Repairs.add(SourceMissing)
		e.Source = documented
	case isURIReference(sent) || hasControl(sent):
		e.Source = sent
	default:
		e.Repairs.add(SourceInvalid)
		e.set("qliksource", sent)
		e.Source = documented
	}
}

// mend makes the rest valid and refuses what cannot be made so.
func (e *Event) mend() error {
	if err := cmp.Or(checkIdentity("id", e.ID), checkIdentity("source", e.Source), checkIdentity("type", e.Type)); err != nil {
		return err
	}
	e.mendTime()
	e.mendSchema()
	e.mendContentType()
	if subject, ok := e.find("subject"); ok && subject.Kind() != '"' {
		e.pull("subject")
		e.set("subject", string(subject)) // a String (CloudEvents 1.0), where an extension may be a number
	}
	if own := e.Attribute("traceparent"); e.TraceParent == "" && IsTraceParent(own) {
		e.TraceParent = own
	}
	return nil
}

func checkIdentity(name, value string) error {
	switch {
	case hasControl(value):
		return Refuse(ControlCharacter, "%s has a control character", name)
	case len(value) > maxIdentityBytes:
		return Refuse(AttributeTooLong, "%s is %d bytes long, %d at most", name, len(value), maxIdentityBytes)
	}
	return nil
}

func (e *Event) mendTime() {
	sent, _ := e.pull("time")
	switch {
	case sent == "":
		e.Repairs.add(TimeMissing)
	case isTime(sent):
		e.Time = sent
		return
	default:
		e.Repairs.add(TimeInvalid)
		e.set("qliktime", sent)
	}
	e.Time = e.ReceivedAt.UTC().Format(time.RFC3339Nano)
}

func (e *Event) mendSchema() {
	sent, ok := e.find("dataschema")
	if !ok || isURI(text(sent)) {
		return
	}
	e.pull("dataschema")
	e.Repairs.add(DataSchemaInvalid)
	e.set("qlikdataschema", text(sent))
}

// mendContentType holds to the JSON format, section 3.1: data that is no JSON string can only be of a JSON type.
func (e *Event) mendContentType() {
	sent, ok := e.pull("datacontenttype")
	switch {
	case ok && e.carries(sent):
		e.set("datacontenttype", sent)
		return
	case e.Data != nil && !e.Base64:
		e.set("datacontenttype", "application/json")
	}
	if sent != "" {
		e.Repairs.add(ContentTypeInvalid)
		e.set("qlikdatacontenttype", sent)
	}
}

// carries reports whether a media type can be that of the event's data. The Go SDK knows JSON by these two names only, in lower case; it
// refuses the record where data of another type, such as application/x+json, is no string. Control characters, which ParseMediaType
// takes behind a parameter and in quotes, go into no header of HTTP, and are forbidden in any attribute.
func (e *Event) carries(mediaType string) bool {
	if mediaType == "application/json" {
		return true
	}
	base, _, err := mime.ParseMediaType(mediaType)
	if err != nil || !strings.Contains(base, "/") || hasControl(mediaType) {
		return false
	}
	base, _, _ = strings.Cut(mediaType, ";") // as sent
	return e.Data == nil || e.Base64 || e.Data[0] == '"' || base == "application/json" || base == "text/json"
}
