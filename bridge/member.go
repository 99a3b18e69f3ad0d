package bridge

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// maxAttributes bounds the members of one body, and with it the work of comparing their names. Qlik sends about twenty.
const maxAttributes = 256

// maxDepth bounds the nesting of a body. Readers of records give up earlier than this bridge would: jq 1.6 at 256, Python near 900, Java at
// 1,000.
const maxDepth = 200

// member is one member of the body's object.
type member struct {
	name  string         // as an attribute: lower-case letters and digits (CloudEvents 1.0, "Attribute Naming Convention")
	value jsontext.Value // a part of the body
}

// members are those of one object, in the order sent; no two have the same name.
type members []member

// absent reports whether a member says nothing: an attribute that is null (CloudEvents JSON format, section 2.2), or blank though it may
// not be (CloudEvents 1.0, "Context Attributes"; the SDKs take white space for empty). So its twin of the other name can speak.
func (m member) absent() bool {
	switch m.name {
	case "data":
		return false
	case "id", "eventid", "source", "type", "eventtype", "time", "eventtime", "subject", "dataschema", "datacontenttype", "contenttype":
		return m.value.Kind() == 'n' || isBlank(m.value)
	}
	return m.value.Kind() == 'n'
}

func isBlank(v jsontext.Value) bool {
	if v.Kind() != '"' {
		return false
	}
	inner := bytes.TrimSpace(v[1 : len(v)-1])
	return len(inner) == 0 || inner[0] == '\\' && strings.TrimSpace(text(v)) == ""
}

func (m members) find(name string) (jsontext.Value, bool) {
	for i := range m {
		if m[i].name == name {
			return m[i].value, true
		}
	}
	return nil, false
}

func (m members) has(name string) bool {
	_, ok := m.find(name)
	return ok
}

// decoders saves building a decoder per delivery.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

// readBody reads a whole body as one JSON object. Invalid UTF-8, duplicate names at any depth, and anything after the object are refused.
func readBody(body []byte) (members, error) {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, Refuse(EmptyBody, "the body is empty")
	case !utf8.Valid(body):
		return nil, Refuse(InvalidUTF8, "the body is not valid UTF-8")
	case nestsDeeper(body, maxDepth):
		return nil, Refuse(TooDeep, "objects and arrays nest more than %d deep, which not every JSON reader takes", maxDepth)
	}
	return readObject(body)
}

// nestsDeeper reports whether objects and arrays nest deeper than most. A body with fewer brackets than that, every real one, is not
// looked at twice.
func nestsDeeper(body []byte, most int) bool {
	if bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) <= most {
		return false
	}
	dec := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(dec)
	dec.Reset(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	for {
		if _, err := dec.ReadToken(); err != nil {
			return false // its end, or what is wrong with it is found when it is read
		}
		if dec.StackDepth() > most {
			return true
		}
	}
}

func readObject(text []byte) (members, error) {
	dec := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(dec)
	dec.Reset(bytes.NewBuffer(text))
	switch dec.PeekKind() {
	case '{':
	case '[':
		return nil, Refuse(Batch, "the body is an array; one event per request is expected")
	case 0:
		_, err := dec.ReadToken()
		return nil, syntax(err)
	default:
		return nil, Refuse(NotAnObject, "the body is no JSON object")
	}
	m, err := readMembers(dec, text)
	if err != nil {
		return nil, err
	}
	if rest := bytes.TrimSpace(text[dec.InputOffset():]); len(rest) > 0 {
		return nil, Refuse(InvalidJSON, "%d bytes follow the JSON object", len(rest))
	}
	return m, nil
}

func readMembers(dec *jsontext.Decoder, text []byte) (members, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, syntax(err)
	}
	m := make(members, 0, 32)
	for dec.PeekKind() == '"' {
		next, err := readMember(dec, text)
		switch {
		case err != nil:
			return nil, err
		case len(m) == maxAttributes:
			return nil, Refuse(TooManyAttributes, "more than %d members", maxAttributes)
		case m.has(next.name):
			return nil, Refuse(NameCollision, "two names are one once they are lower case letters and digits")
		case next.absent():
			continue
		}
		m = append(m, next)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, syntax(err)
	}
	return m, nil
}

func readMember(dec *jsontext.Decoder, text []byte) (member, error) {
	token, err := dec.ReadToken()
	if err != nil {
		return member{}, syntax(err)
	}
	sent := token.String()
	value, err := dec.ReadValue()
	if err != nil {
		return member{}, syntax(err)
	}
	name := attributeName(sent)
	if name == "" {
		return member{}, Refuse(BadName, "a member's name has no letter or digit")
	}
	end := int(dec.InputOffset())
	return member{name: name, value: text[end-len(value) : end]}, nil
}

// attributeName makes a name legal for a CloudEvents attribute: lower case, and without what is no ASCII letter or digit. The one
// name with an underscore, data_base64, is CloudEvents' own.
func attributeName(sent string) string {
	if sent == "data_base64" {
		return sent
	}
	for i := range len(sent) {
		if c := sent[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return cleanName(sent)
		}
	}
	return sent
}

func cleanName(sent string) string {
	name := make([]byte, 0, len(sent))
	for _, c := range []byte(sent) {
		switch {
		case c >= 'A' && c <= 'Z':
			name = append(name, c+'a'-'A')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			name = append(name, c)
		}
	}
	return string(name)
}

// syntax turns an error of the JSON library into a refusal. Its text says where, and nothing of what stands there: the library's own
// quotes the names on the way.
func syntax(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return Refuse(DuplicateKey, "a name stands twice in one object")
	}
	var at *jsontext.SyntacticError
	if errors.As(err, &at) {
		return Refuse(InvalidJSON, "the body is not valid JSON at byte %d: %w", at.ByteOffset, at.Err)
	}
	return Refuse(InvalidJSON, "the body is not valid JSON: it ends early")
}
