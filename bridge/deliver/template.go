package deliver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/valyala/fasttemplate"
	"golang.org/x/net/http/httpguts"
)

// template makes a body of a text with placeholders, {{path}} or {{path:form}}. It is not text/template, for which the linker would have to keep
// every exported method of the program (linker_test.go in cmd/qlik-bridge), and which could do what a configuration should not.
type template struct {
	text         *fasttemplate.Template
	contentType  string
	json         bool                   // a body of JSON
	escape       func(string) string    // writes a text into the body
	placeholders map[string]placeholder // :: as written between the braces
}

// placeholder is an attribute, or data or something inside it, and the form in which it is written.
type placeholder struct {
	path []string
	form form
}

// form is how a value is written.
type form string

const (
	plainForm form = ""      // the text of a value, escaped for the body's type
	jsonForm  form = "json"  // a value as JSON, a text in quotes; absent: null
	slackForm form = "slack" // plain, and &, < and > as Slack wants them, so that no name can mention a channel
)

var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// newTemplate reads a template and tries it, so that a body of JSON is JSON whatever an event holds.
func newTemplate(text, bodyType string) (*template, error) {
	t := &template{contentType: bodyType, placeholders: map[string]placeholder{}}
	if err := t.chooseEscape(); err != nil {
		return nil, err
	}
	parsed, err := fasttemplate.NewTemplate(text, "{{", "}}")
	if err != nil {
		return nil, fmt.Errorf("a placeholder without its }}")
	}
	t.text = parsed
	_, err = parsed.ExecuteFunc(io.Discard, func(_ io.Writer, tag string) (int, error) {
		p, err := readPlaceholder(tag)
		t.placeholders[tag] = p
		return 0, err
	})
	if err != nil {
		return nil, err
	}
	return t, t.try()
}

// chooseEscape settles how a text is written into a body of the type.
func (t *template) chooseEscape() error {
	media, _, err := mime.ParseMediaType(t.contentType)
	switch {
	case err != nil:
		return fmt.Errorf("content_type %q: %w", t.contentType, err)
	case !httpguts.ValidHeaderFieldValue(t.contentType): // in quotes and behind a parameter ParseMediaType takes what net/http refuses, of every event
		return fmt.Errorf("content_type %q: no header of HTTP can hold its control characters; leave them out", t.contentType)
	case media == "application/json" || strings.HasSuffix(media, "+json"):
		t.json, t.escape = true, inQuotes
	case media == "application/x-www-form-urlencoded":
		t.escape = url.QueryEscape
	case media == "text/plain":
		t.escape = func(s string) string { return s }
	default:
		return fmt.Errorf("content_type %q: a template can write application/json, …+json, application/x-www-form-urlencoded and text/plain", t.contentType)
	}
	return nil
}

// inQuotes is a text for the inside of a JSON string.
func inQuotes(s string) string {
	quoted, _ := jsontext.AppendQuote(nil, s) // what is no UTF-8 becomes U+FFFD
	return string(quoted[1 : len(quoted)-1])
}

func readPlaceholder(tag string) (placeholder, error) {
	path, suffix, _ := strings.Cut(strings.TrimSpace(tag), ":")
	p := placeholder{strings.Split(path, "."), form(suffix)}
	if p.form != plainForm && p.form != jsonForm && p.form != slackForm || strings.HasSuffix(path, ":") {
		return p, fmt.Errorf("{{%s}}: forms are :json and :slack", tag)
	}
	if name := p.path[0]; name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return p, fmt.Errorf("{{%s}}: begins with the name of an attribute, or with data", tag)
	}
	if p.path[0] != "data" && len(p.path) > 1 {
		return p, fmt.Errorf("{{%s}}: an attribute has no members; did you mean data.%s?", tag, path)
	}
	return p, nil
}

// try writes a JSON body of values that would break it where they stand: a text outside of quotes, a JSON value inside, one that is no text as a name.
func (t *template) try() error {
	if !t.json {
		return nil
	}
	for _, value := range []string{`"x"`, `1`} {
		var body bytes.Buffer
		_, _ = t.text.ExecuteFunc(&body, func(w io.Writer, tag string) (int, error) {
			if t.placeholders[tag].form == jsonForm {
				return io.WriteString(w, value)
			}
			return io.WriteString(w, "a text")
		})
		if !json.Valid(body.Bytes()) {
			return fmt.Errorf(`the template is no JSON: {{path}} stands inside quotes, {{path:json}} outside; with values in their places it is %.200q`, body.String())
		}
	}
	return nil
}

// content implements content. An error says that data cannot be read.
func (t *template) content(e *event.Event, header http.Header) ([]byte, error) {
	var body bytes.Buffer
	all := attributes(e)
	_, err := t.text.ExecuteFunc(&body, func(w io.Writer, tag string) (int, error) {
		return io.WriteString(w, t.write(t.placeholders[tag], all, e))
	})
	header.Set(contentType, t.contentType)
	return body.Bytes(), err
}

func (t *template) write(p placeholder, all map[string]string, e *event.Event) string {
	value := find(p.path, all, e)
	switch {
	case p.form == slackForm:
		return t.escape(slackEscape.Replace(plainText(value)))
	case p.form == plainForm:
		return t.escape(plainText(value))
	case value == nil:
		value = jsontext.Value("null")
	}
	if t.json {
		return string(value)
	}
	return t.escape(string(value))
}

// find is the JSON of what a path leads to; nil where there is nothing.
func find(path []string, all map[string]string, e *event.Event) jsontext.Value {
	if path[0] != "data" {
		if text, ok := all[path[0]]; ok {
			return quote(text)
		}
		return nil
	}
	if !json.Valid(e.Data()) {
		if len(path) > 1 || len(e.Data()) == 0 {
			return nil
		}
		return quote(string(e.Data()))
	}
	value := json.RawMessage(e.Data())
	for _, name := range path[1:] {
		value = member(value, name)
	}
	return jsontext.Value(bytes.TrimSpace(value))
}

func quote(text string) jsontext.Value {
	quoted, _ := jsontext.AppendQuote(nil, text)
	return quoted
}

// member is a member of an object, or an element of an array by its number from 0; nil where there is none.
func member(value json.RawMessage, name string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) == nil {
		return object[name]
	}
	var array []json.RawMessage
	i, err := strconv.Atoi(name)
	if err == nil && json.Unmarshal(value, &array) == nil && i >= 0 && i < len(array) {
		return array[i]
	}
	return nil
}

// plainText is a JSON text without its quotes, nothing for null, and any other value as its JSON, byte for byte.
func plainText(value jsontext.Value) string {
	switch {
	case len(value) == 0 || value.Kind() == 'n':
		return ""
	case value.Kind() == '"':
		text, _ := jsontext.AppendUnquote(nil, value)
		return string(text)
	}
	return string(value)
}
