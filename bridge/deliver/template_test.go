package deliver

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/cloudevents/sdk-go/v2/event"
)

// sample is an event as package consumer hands it over; the data is put in as it is.
func sample(t testing.TB, data string) *event.Event {
	t.Helper()
	e := &event.Event{}
	body := `{"specversion":"1.0","id":"e-1","source":"com.qlik/engine","type":"com.qlik.app.created","time":"2026-11-25T10:11:12.500Z","subject":"app \"é\"",` +
		`"ownerid":"u-7","topleveltype":"<x>","recordedtime":"2026-11-25T10:11:13Z","partitionkey":"a-1"`
	if data != "" {
		body += `,"data":` + data
	}
	if err := e.UnmarshalJSON([]byte(body + "}")); err != nil {
		t.Fatal(err)
	}
	return e
}

const sampleData = `{"name":"Sales <!channel> & \"more\" \u00e9\n","size": 1.50,"big":12345678901234567890,"none":null,"yes":true,"owner":{"id" : "u-7","x.y":1},"tags":["a",{"b":"c"}]}`

func TestTemplate(t *testing.T) {
	const asJSON, asForm, asText = "application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-8"
	tests := []struct {
		name, template, contentType, data, want string
	}{
		{name: "nothing to fill in", template: `{"a":1}`, contentType: asJSON, want: `{"a":1}`},
		{name: "attributes", template: `{"t":"{{type}} of {{ ownerid }} at {{time}}, {{specversion}}"}`, contentType: asJSON, want: `{"t":"com.qlik.app.created of u-7 at 2026-11-25T10:11:12.5Z, 1.0"}`},
		{name: "an attribute with quotes", template: `{"t":"{{subject}}"}`, contentType: asJSON, want: `{"t":"app \"é\""}`},
		{name: "an attribute that is not there", template: `{"t":"{{dataschema}}","j":{{dataschema:json}}}`, contentType: asJSON, want: `{"t":"","j":null}`},
		{name: "text of data", template: `{"t":"{{data.name}}"}`, contentType: asJSON, data: sampleData, want: `{"t":"Sales <!channel> & \"more\" é\n"}`},
		{name: "Slack", template: `{"t":"{{data.name:slack}} {{topleveltype:slack}}"}`, contentType: asJSON, data: sampleData, want: `{"t":"Sales &lt;!channel&gt; &amp; \"more\" é\n &lt;x&gt;"}`},
		{name: "numbers as sent", template: `{"t":"{{data.size}}","n":{{data.size:json}},"b":{{data.big:json}}}`, contentType: asJSON, data: sampleData, want: `{"t":"1.50","n":1.50,"b":12345678901234567890}`},
		{name: "null, true", template: `{"t":"{{data.none}}|{{data.yes}}","n":{{data.none:json}}}`, contentType: asJSON, data: sampleData, want: `{"t":"|true","n":null}`},
		{name: "an object, as sent", template: `{"o":{{data.owner:json}},"t":"{{data.owner}}"}`, contentType: asJSON, data: sampleData, want: `{"o":{"id" : "u-7","x.y":1},"t":"{\"id\" : \"u-7\",\"x.y\":1}"}`},
		{name: "inside", template: `{"t":"{{data.owner.id}} {{data.tags.0}} {{data.tags.1.b}}"}`, contentType: asJSON, data: sampleData, want: `{"t":"u-7 a c"}`},
		{name: "not inside", template: `{"t":"{{data.owner.id.x}}{{data.tags.2}}{{data.tags.-1}}{{data.tags.b}}{{data.name.0}}{{data.x.y}}"}`, contentType: asJSON, data: sampleData, want: `{"t":""}`},
		{name: "all of data", template: `{{data:json}}`, contentType: "application/vnd.x+json", data: `[1, 2]`, want: `[1, 2]`},
		{name: "no data", template: `{"t":"{{data.name}}","d":{{data:json}}}`, contentType: asJSON, want: `{"t":"","d":null}`},
		{name: "a form", template: `text={{data.name}}&d={{data.owner:json}}`, contentType: asForm, data: sampleData, want: `text=Sales+%3C%21channel%3E+%26+%22more%22+%C3%A9%0A&d=%7B%22id%22+%3A+%22u-7%22%2C%22x.y%22%3A1%7D`},
		{name: "plain text", template: "{{type}}:\n{{data.name}}", contentType: asText, data: sampleData, want: "com.qlik.app.created:\nSales <!channel> & \"more\" é\n"},
		{name: "what looks like a placeholder in data", template: `{"t":"{{data.n}}"}`, contentType: asJSON, data: `{"n":"{{id}}"}`, want: `{"t":"{{id}}"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tpl, err := newTemplate(tt.template, tt.contentType)
			if err != nil {
				t.Fatal(err)
			}
			header := http.Header{}
			got, err := tpl.content(sample(t, tt.data), header)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
			if got := header.Get(contentType); got != tt.contentType {
				t.Errorf("got Content-Type %q, want %q", got, tt.contentType)
			}
		})
	}
}

// TestTemplateRefused are the mistakes that a file can hold; they are found when it is read.
func TestTemplateRefused(t *testing.T) {
	tests := []struct{ name, template, contentType, want string }{
		{name: "no end", template: `{"t":"{{id"}`, want: "}}"},
		{name: "unknown form", template: `{"t":"{{id:html}}"}`, want: ":json"},
		{name: "two forms", template: `{"t":"{{id:json:slack}}"}`, want: ":json"},
		{name: "nothing", template: `{"t":"{{}}"}`, want: "attribute"},
		{name: "a function", template: `{"t":"{{printf id}}"}`, want: "attribute"},
		{name: "upper case", template: `{"t":"{{Id}}"}`, want: "attribute"},
		{name: "a member of an attribute", template: `{"t":"{{subject.id}}"}`, want: "data.subject.id"},
		{name: "a text without quotes", template: `{"t":{{data.name}}}`, want: "{{path:json}}"},
		{name: "JSON in quotes", template: `{"t":"{{data.name:json}}"}`, want: "{{path:json}}"},
		{name: "as a name", template: `{ {{data.name:json}}:1 }`, want: "no JSON"},
		{name: "no JSON", template: `hello {{id}}`, want: "no JSON"},
		{name: "HTML", template: `<b>{{id}}</b>`, contentType: "text/html", want: "content_type"},
		{name: "a type with a line feed", template: `{"a":1}`, contentType: "application/json; charset=utf-8\n", want: "control characters"},
		{name: "a type with a control character in quotes", template: `{"a":1}`, contentType: "application/json; a=\"\x01\"", want: "control characters"},
		{name: "no type", template: `{{id}}`, contentType: ";", want: "content_type"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.contentType == "" {
				tt.contentType = "application/json"
			}
			_, err := newTemplate(tt.template, tt.contentType)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// FuzzTemplate asserts that a template of JSON makes JSON, whatever an event holds.
func FuzzTemplate(f *testing.F) {
	tpl, err := newTemplate(`{"a":"{{data}} {{data.name}} {{data.name:slack}} {{data.0}}","b":[{{data:json}},{{data.name:json}},{{data.a.b:json}},{{subject:json}}],"c":"{{subject}}{{subject:slack}}"}`, "application/json")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{sampleData, `"\ud800"`, "[]", "null", `{"name":"\\"}`, `{"a":{"b":" \u0000"}}`, "\xff", `{"name":`, `{"name":1e999}`} {
		f.Add([]byte(seed), `a"\`)
	}
	f.Fuzz(func(t *testing.T, data []byte, subject string) {
		e := event.New()
		e.SetID("1")
		e.SetType("t")
		e.SetSource("s")
		e.SetSubject(subject)
		e.DataEncoded = data
		body, err := tpl.content(&e, http.Header{})
		if err != nil || !json.Valid(body) {
			t.Errorf("got %s, %v, want JSON", body, err)
		}
	})
}
