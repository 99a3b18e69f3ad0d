package topics

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxKeyBytes bounds a partition key: it stands in every record three times over, and no id of Qlik's is near it.
const MaxKeyBytes = 512

// Rules are the places a partition key is looked for, first to last.
type Rules []Rule

// Rule is one place: an attribute of the event, or a path into its data.
type Rule struct {
	text      string // as the catalogue writes it
	place     place
	condition place // where set, the rule holds only if the string there equals want
	want      string
}

// place names a string of an event: an attribute, or with inData a path of member names and array indexes.
type place struct {
	inData bool
	path   []string
}

// UnmarshalText reads "userid", "data.dataTask.id" or "userid when data.appliesTo=USER".
func (r *Rule) UnmarshalText(text []byte) error {
	where, condition, conditional := strings.Cut(string(text), " when ")
	r.text, r.place = string(text), parsePlace(where)
	if !conditional {
		return nil
	}
	left, want, ok := strings.Cut(condition, "=")
	if !ok {
		return fmt.Errorf("key rule %q: the condition is not of the form path=value", text)
	}
	r.condition, r.want = parsePlace(left), want
	return nil
}

func (r Rule) String() string { return r.text }

func parsePlace(s string) place {
	path := strings.Split(strings.TrimSpace(s), ".")
	if path[0] == "data" && len(path) > 1 {
		return place{inData: true, path: path[1:]}
	}
	return place{path: path}
}

// Key returns the partition key of an event: the first rule that gives a non-empty string of at most MaxKeyBytes, else the tenant's
// id, else the event's own id. attribute returns a normalised CloudEvents attribute or "", data is the event's data (valid JSON, or
// nothing).
func (rules Rules) Key(attribute func(name string) string, data []byte) string {
	for _, r := range rules {
		if r.condition.path != nil && r.condition.find(attribute, data) != r.want {
			continue
		}
		if key := r.place.find(attribute, data); usable(key) {
			return key
		}
	}
	if tenant := attribute("tenantid"); usable(tenant) {
		return tenant
	}
	return attribute("id")
}

func usable(key string) bool { return key != "" && len(key) <= MaxKeyBytes }

func (p place) find(attribute func(string) string, data []byte) string {
	if p.inData {
		return stringAt(data, p.path)
	}
	return attribute(p.path[0])
}

// decoders saves the 1 KB that a decoder costs, once or twice per event.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

// stringAt returns the JSON string at path, or "" where there is none. Duplicate names were refused when the event was read.
func stringAt(value []byte, path []string) string {
	if len(value) == 0 {
		return ""
	}
	dec := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(dec)
	dec.Reset(bytes.NewBuffer(value), jsontext.AllowDuplicateNames(true))
	for _, step := range path {
		if !descend(dec, step) {
			return ""
		}
	}
	token, err := dec.ReadToken()
	if err != nil || token.Kind() != '"' {
		return ""
	}
	return token.String()
}

// descend moves dec, which is before an object or array, to just before the member or element that step names.
func descend(dec *jsontext.Decoder, step string) bool {
	open, err := dec.ReadToken()
	if err != nil {
		return false
	}
	switch open.Kind() {
	case '{':
		return toMember(dec, step)
	case '[':
		return toElement(dec, step)
	}
	return false
}

func toMember(dec *jsontext.Decoder, name string) bool {
	for dec.PeekKind() == '"' {
		member, err := dec.ReadToken()
		if err != nil {
			return false
		}
		if member.String() == name {
			return true
		}
		if dec.SkipValue() != nil {
			return false
		}
	}
	return false
}

func toElement(dec *jsontext.Decoder, index string) bool {
	n, err := strconv.Atoi(index)
	if err != nil {
		return false
	}
	for range n {
		if dec.PeekKind() == ']' || dec.SkipValue() != nil {
			return false
		}
	}
	return dec.PeekKind() != ']'
}
