package bridge

import (
	"cmp"
	"mime"
	"net/url"
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
		return refuse(NoType, "neither type nor eventType is there")
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
		return refuse(ControlCharacter, "%s has a control character", name)
	case len(value) > maxIdentityBytes:
		return refuse(AttributeTooLong, "%s is %d bytes long, %d at most", name, len(value), maxIdentityBytes)
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
// refuses the record where data of another type, such as application/x+json, is no string.
func (e *Event) carries(mediaType string) bool {
	if mediaType == "application/json" {
		return true
	}
	base, _, err := mime.ParseMediaType(mediaType)
	if err != nil || !strings.Contains(base, "/") {
		return false
	}
	base, _, _ = strings.Cut(mediaType, ";") // as sent
	return e.Data == nil || e.Base64 || e.Data[0] == '"' || base == "application/json" || base == "text/json"
}

// isTime reports whether s is a time of RFC 3339. Go's parser alone takes an hour of one digit, a comma before the fraction and an
// offset of 24:60 (go.dev/issue/54580), over which other languages' stumble.
func isTime(s string) bool {
	if _, err := time.Parse(time.RFC3339, s); err != nil || s[12] == ':' || s[19] == ',' {
		return false
	}
	offset := s[len(s)-5:]
	return s[len(s)-1] == 'Z' || offset[:2] < "24" && offset[3:] < "60"
}

func isURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && isURIReference(s)
}

// isURIReference reports whether s has only the characters of RFC 3986 and parses; Go's parser alone lets a space pass, over which
// other languages' stumble.
func isURIReference(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && u.String() != "" // "#" and "//" refer to nothing
}

// hasControl reports whether s has a character that CloudEvents 1.0 ("Type System", String) forbids as a control character.
func hasControl(s string) bool {
	for _, r := range s {
		if r < 0x20 || r >= 0x7f && r <= 0x9f {
			return true
		}
	}
	return false
}

// IsTraceParent reports whether s has the form of a W3C traceparent, version 00 (Trace Context, section 3.2).
func IsTraceParent(s string) bool {
	if len(s) != 55 || s[:3] != "00-" || s[35] != '-' || s[52] != '-' {
		return false
	}
	return isID(s[3:35]) && isID(s[36:52]) && isLowerHex(s[53:])
}

// isID reports whether s is an id of a trace or span: not all zeros.
func isID(s string) bool { return isLowerHex(s) && strings.Trim(s, "0") != "" }

func isLowerHex(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == ""
}
