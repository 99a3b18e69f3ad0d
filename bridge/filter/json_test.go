package filter_test

import (
	"testing"

	"qlikbridge/bridge/filter"
)

// hostile are values that a record may have, over some of which the SDK panics.
var hostile = []string{
	`{"specversion":"1.0","x":null,"data_base64":1}`, `{"specversion":"1.0","x":null,"data_base64":"!"}`, `{"x":null,"specversion":"1.0","data":`,
	``, `null`, `[]`, `{}`, "\xff", `{"specversion":1}`, `{"specversion":"0.3","datacontentencoding":"base64","data":1}`,
}

// TestMatchHostile asserts that a value that holds no event is not wanted, also where the SDK panics over it.
func TestMatchHostile(t *testing.T) {
	for _, value := range hostile {
		if filter.MatchJSON(filter.All(), []byte(value)) {
			t.Errorf("%q: got a match, want none", value)
		}
	}
}

// FuzzMatchJSON takes any value of a record for an event: it matches or does not, and nothing panics.
func FuzzMatchJSON(f *testing.F) {
	f.Add([]byte(`{"specversion":"1.0","id":"1","type":"com.qlik.app.created","source":"com.qlik/x","subject":"s","time":"2026-11-25T10:00:00Z","data":{"a":1}}`))
	for _, value := range hostile {
		f.Add([]byte(value))
	}
	wanted, err := filter.ParseText(`any: [{exact: {type: com.qlik.app.created}}, {sql: "EXISTS x OR time = 'y'"}]`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, value []byte) { filter.MatchJSON(wanted, value) })
}
