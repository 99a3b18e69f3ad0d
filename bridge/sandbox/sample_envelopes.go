package sandbox

import (
	"cmp"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// event is one sample before it is wrapped.
type event struct {
	*scene
	kind *kind
	typ  string // as asked for: current name or alias
	id   string

	data, resource, updates []byte
}

// envelopes writes an event in each form in which Qlik sends it.
var envelopes = map[string]func(*event) object{
	"legacy":      (*event).legacy,
	"hybrid":      (*event).hybrid,
	"cloudevents": (*event).cloudEvent,
	"audit":       (*event).audit,
}

func (e *event) cloudEvent() object {
	o := object{
		{"id", e.id}, {"data", jsontext.Value(e.data)}, {"time", e.time()}, {"type", e.typ},
		{"source", e.kind.Source}, {"specversion", e.kind.family.SpecVersion},
		{"datacontenttype", "application/json"},
	}
	if sent := e.kind.family.TypeSent; sent != "" {
		o = append(o, member{"eventType", e.kind.Type})
		if e.typ == e.kind.Type {
			o[3].value = sent
		}
	}
	o = append(o, e.members(e.kind.Attributes)...)
	if ext := e.members(e.kind.Extensions); len(ext) > 0 {
		o = append(o, member{"extensions", ext})
	}
	return o
}

func (e *event) legacy() object {
	o := object{
		{"cloudEventsVersion", "0.1"}, {"source", e.kind.Source}, {"contentType", "application/json"},
		{"eventId", e.id}, {"eventTime", e.time()}, {"eventTypeVersion", "1.0.0"}, {"eventType", e.typ},
		{"extensions", append(e.tenantAndUser(), e.older("ownerid", "spaceid", "toplevelresourceid", "updates", "actor", "meta")...)},
		{"data", jsontext.Value(e.data)},
	}
	for i, m := range o {
		if spelled := e.kind.Spelled[m.name]; spelled != "" {
			o[i].name = spelled
		}
	}
	return o
}

// hybrid is the union of both; what they share (source, data) is there once, and of
// two members extensions it keeps the legacy one, which says more.
func (e *event) hybrid() object {
	o := e.legacy()
	for _, m := range e.cloudEvent() {
		if !slices.ContainsFunc(o, func(have member) bool { return have.name == m.name }) {
			o = append(o, m)
		}
	}
	return o
}

// audit is an item of the Audits API; its id is the store's own.
func (e *event) audit() object {
	id := e.Hex(24)
	self := object{{"self", object{{"href", "https://" + e.Host + "/api/v1/audits/" + id}}}}
	o := object{
		{"id", id}, {"eventId", e.id}, {"eventTime", e.time()}, {"eventType", e.typ},
		{"eventTypeVersion", "1.0.0"}, {"source", e.kind.Source}, {"contentType", "application/json"},
	}
	ext := append(object{{"actor", e.actor()}}, e.older("ownerid", "spaceid", "toplevelresourceid", "updates")...)
	return append(append(o, e.tenantAndUser()...),
		member{"extensions", ext}, member{"data", jsontext.Value(e.data)}, member{"links", self})
}

func (e *event) tenantAndUser() object {
	return object{{"tenantId", e.Tenant}, {"userId", e.User.ID}}
}

// older picks those of the attributes that the type has, under the names of the older envelopes.
func (e *event) older(names ...string) object {
	var o object
	for _, name := range names {
		if slices.Contains(e.kind.Attributes, name) || slices.Contains(e.kind.Extensions, name) {
			o = append(o, member{cmp.Or(olderNames[name], name), attributes[name](e)})
		}
	}
	return o
}

// olderNames :: attribute -> its older name, where that differs
var olderNames = map[string]string{
	"ownerid": "ownerId", "spaceid": "spaceId", "toplevelresourceid": "topLevelResourceId",
}
