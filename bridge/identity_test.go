package bridge_test

import (
	"strings"
	"testing"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// received is the time of receipt as an event's time.
const received = `"2026-11-20T10:12:13.14Z"`

// identified is a CloudEvent of the given id, source and type, each as JSON.
func identified(id, source, typ string) string {
	return `{"specversion":"1.0","id":` + id + `,"source":` + source + `,"type":` + typ + `,"time":"2026-11-20T10:00:00Z"}`
}

func timed(time string) string {
	return `{"specversion":"1.0","id":"e-1","source":"com.qlik/engine","type":"com.qlik.app.created","time":` + time + `}`
}

var identityCases = []normaliseCase{
	// id
	{name: "id null", body: identified(`null`, `"s"`, `"x.y"`), repairs: "id_missing",
		want: map[string]string{"id": `"` + hashOf(identified(`null`, `"s"`, `"x.y"`)) + `"`}},
	{name: "id empty", body: identified(`""`, `"s"`, `"x.y"`), repairs: "id_missing",
		want: map[string]string{"id": `"` + hashOf(identified(`""`, `"s"`, `"x.y"`)) + `"`}},
	{name: "id blank", body: identified(`" \u00a0"`, `"s"`, `"x.y"`), repairs: "id_missing",
		want: map[string]string{"id": `"` + hashOf(identified(`" \u00a0"`, `"s"`, `"x.y"`)) + `"`}},
	{name: "id missing", body: `{"specversion":"1.0","source":"s","type":"x.y","time":"2026-11-20T10:00:00Z"}`, repairs: "id_missing",
		want: map[string]string{"id": `"` + hashOf(`{"specversion":"1.0","source":"s","type":"x.y","time":"2026-11-20T10:00:00Z"}`) + `"`}},
	{name: "id a number", body: identified(`42`, `"s"`, `"x.y"`), want: map[string]string{"id": `"42"`}},
	{name: "id a large number", body: identified(`12345678901234567890`, `"s"`, `"x.y"`), want: map[string]string{"id": `"12345678901234567890"`}},
	{name: "id with a fraction", body: identified(`1.50`, `"s"`, `"x.y"`), want: map[string]string{"id": `"1.50"`}},
	{name: "id with escapes", body: identified(`"\u00e4\/\"\\"`, `"s"`, `"x.y"`), want: map[string]string{"id": `"ä/\"\\"`}},
	{name: "id of the longest length", body: identified(`"`+strings.Repeat("i", 1024)+`"`, `"s"`, `"x.y"`),
		want: map[string]string{"id": `"` + strings.Repeat("i", 1024) + `"`}},
	{name: "id too long", body: identified(`"`+strings.Repeat("i", 1025)+`"`, `"s"`, `"x.y"`), reason: bridge.AttributeTooLong},
	{name: "id far too long", body: identified(`"`+strings.Repeat("i", 1<<19)+`"`, `"s"`, `"x.y"`), reason: bridge.AttributeTooLong},
	{name: "id with a line feed", body: identified(`"a\nb"`, `"s"`, `"x.y"`), reason: bridge.ControlCharacter},
	{name: "id with NUL", body: identified(`"a\u0000"`, `"s"`, `"x.y"`), reason: bridge.ControlCharacter},
	{name: "id with DEL", body: identified(`"a\u007f"`, `"s"`, `"x.y"`), reason: bridge.ControlCharacter},
	{name: "id with a C1 control", body: identified(`"a\u009fb"`, `"s"`, `"x.y"`), reason: bridge.ControlCharacter},
	{name: "id with a letter right above the controls", body: identified(`"a\u00a1b"`, `"s"`, `"x.y"`), want: map[string]string{"id": `"a¡b"`}},
	{name: "eventId with a control", body: `{"cloudEventsVersion":"0.1","eventId":"a\tb","eventType":"x.y"}`, reason: bridge.ControlCharacter},

	// type
	{name: "type missing", body: `{"specversion":"1.0","id":"e-1","source":"s"}`, reason: bridge.NoType},
	{name: "type null", body: identified(`"e-1"`, `"s"`, `null`), reason: bridge.NoType},
	{name: "type empty", body: identified(`"e-1"`, `"s"`, `""`), reason: bridge.NoType},
	{name: "type blank", body: identified(`"e-1"`, `"s"`, `"  "`), reason: bridge.NoType},
	{name: "type with a control", body: identified(`"e-1"`, `"s"`, `"a\rb"`), reason: bridge.ControlCharacter},
	{name: "type too long", body: identified(`"e-1"`, `"s"`, `"`+strings.Repeat("t", 1025)+`"`), reason: bridge.AttributeTooLong},
	{name: "type unknown", body: identified(`"e-1"`, `"s"`, `"com.qlik.v9.new.thing"`), want: map[string]string{"type": `"com.qlik.v9.new.thing"`, "qliktype": ""}, key: "e-1"},
	{name: "type empty beside an unknown eventType",
		body: `{"specversion":"1.0","id":"e-1","source":"s","type":"","eventType":"x.y","time":"2026-11-20T10:00:00Z"}`,
		want: map[string]string{"type": `"x.y"`, "eventtype": ""}},

	// source
	{name: "source missing, documented", body: `{"specversion":"1.0","id":"e-1","type":"com.qlik.core.user.created","time":"2026-11-20T10:00:00Z"}`,
		want: map[string]string{"source": `"com.qlik/identities"`}, repairs: "source_missing"},
	{name: "source missing, documented for the type", body: `{"specversion":"1.0","id":"e-1","type":"com.qlik.datafile.created","time":"2026-11-20T10:00:00Z"}`,
		want: map[string]string{"source": `"com.qlik/qix-datafiles"`}, repairs: "source_missing"},
	{name: "source missing, of an old name", body: `{"specversion":"1.0","id":"e-1","type":"com.qlik.v1.app.created","time":"2026-11-20T10:00:00Z"}`,
		want: map[string]string{"source": `"com.qlik/engine"`}, repairs: "source_missing"},
	{name: "source missing, undocumented", body: `{"specversion":"1.0","id":"e-1","type":"com.qlik.core.space.created","time":"2026-11-20T10:00:00Z"}`,
		want: map[string]string{"source": `"com.qlik"`}, repairs: "source_missing"},
	{name: "source missing, unknown type", body: `{"specversion":"1.0","id":"e-1","type":"x.y","time":"2026-11-20T10:00:00Z"}`,
		want: map[string]string{"source": `"com.qlik"`}, repairs: "source_missing"},
	{name: "source empty", body: identified(`"e-1"`, `""`, `"x.y"`), want: map[string]string{"source": `"com.qlik"`}, repairs: "source_missing"},
	{name: "source blank", body: identified(`"e-1"`, `"  "`, `"x.y"`), want: map[string]string{"source": `"com.qlik"`}, repairs: "source_missing"},
	{name: "source with a space", body: identified(`"e-1"`, `"com.qlik/my service"`, `"com.qlik.app.created"`),
		want: map[string]string{"source": `"com.qlik/engine"`, "qliksource": `"com.qlik/my service"`}, repairs: "source_invalid"},
	{name: "source with a bad escape", body: identified(`"e-1"`, `"a%zz"`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"a%zz"`}, repairs: "source_invalid"},
	{name: "source with an umlaut", body: identified(`"e-1"`, `"com.qlik/ä"`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"com.qlik/ä"`}, repairs: "source_invalid"},
	{name: "source that is an empty fragment", body: identified(`"e-1"`, `"#"`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"#"`}, repairs: "source_invalid"},
	{name: "source that is an empty authority", body: identified(`"e-1"`, `"//"`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"//"`}, repairs: "source_invalid"},
	{name: "source a scheme alone", body: identified(`"e-1"`, `"com.qlik:"`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"com.qlik:"`}, repairs: "source_invalid"},
	{name: "source with a bracket", body: identified(`"e-1"`, `"com.qlik/a[b]"`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"com.qlik/a[b]"`}, repairs: "source_invalid"},
	{name: "source with two fragments", body: identified(`"e-1"`, `"a#b#c"`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"a#b#c"`}, repairs: "source_invalid"},
	{name: "source with a bad escape in the query", body: identified(`"e-1"`, `"?%zz"`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"?%zz"`}, repairs: "source_invalid"},
	{name: "source with a closing bracket alone", body: identified(`"e-1"`, `"//]"`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"//]"`}, repairs: "source_invalid"},
	{name: "source with an escape", body: identified(`"e-1"`, `"com.qlik/a%20b?c=%2F"`, `"x.y"`), want: map[string]string{"source": `"com.qlik/a%20b?c=%2F"`}},
	{name: "source of an IPv6 host", body: identified(`"e-1"`, `"https://[::1]:8080/a"`, `"x.y"`), want: map[string]string{"source": `"https://[::1]:8080/a"`}},
	{name: "source absolute", body: identified(`"e-1"`, `"https://acme.eu.qlikcloud.com/a?b=c#d"`, `"x.y"`), want: map[string]string{"source": `"https://acme.eu.qlikcloud.com/a?b=c#d"`}},
	{name: "source an object", body: identified(`"e-1"`, `{"a":1}`, `"x.y"`),
		want: map[string]string{"source": `"com.qlik"`, "qliksource": `"{\"a\":1}"`}, repairs: "source_invalid"},
	{name: "source with a control", body: identified(`"e-1"`, `"a\u0001b"`, `"x.y"`), reason: bridge.ControlCharacter},
	{name: "source too long", body: identified(`"e-1"`, `"`+strings.Repeat("s", 1025)+`"`, `"x.y"`), reason: bridge.AttributeTooLong},

	// time
	{name: "time missing", body: `{"specversion":"1.0","id":"e-1","source":"s","type":"x.y"}`, want: map[string]string{"time": received}, repairs: "time_missing"},
	{name: "time null", body: timed(`null`), want: map[string]string{"time": received}, repairs: "time_missing"},
	{name: "time empty", body: timed(`""`), want: map[string]string{"time": received}, repairs: "time_missing"},
	{name: "time without fraction", body: timed(`"2026-11-20T10:00:00Z"`), want: map[string]string{"time": `"2026-11-20T10:00:00Z"`}},
	{name: "time with 1 digit", body: timed(`"2026-11-20T10:00:00.1Z"`), want: map[string]string{"time": `"2026-11-20T10:00:00.1Z"`}},
	{name: "time with 2 digits", body: timed(`"2026-11-20T10:00:00.12Z"`), want: map[string]string{"time": `"2026-11-20T10:00:00.12Z"`}},
	{name: "time with 3 digits", body: timed(`"2026-11-20T10:00:00.120Z"`), want: map[string]string{"time": `"2026-11-20T10:00:00.120Z"`}},
	{name: "time with 4 digits", body: timed(`"2026-11-20T10:00:00.1234Z"`), want: map[string]string{"time": `"2026-11-20T10:00:00.1234Z"`}},
	{name: "time with 5 digits", body: timed(`"2026-11-20T10:00:00.12345Z"`), want: map[string]string{"time": `"2026-11-20T10:00:00.12345Z"`}},
	{name: "time with 6 digits", body: timed(`"2026-11-20T10:00:00.123456Z"`), want: map[string]string{"time": `"2026-11-20T10:00:00.123456Z"`}},
	{name: "time with 7 digits", body: timed(`"2026-11-20T10:00:00.1234567Z"`), want: map[string]string{"time": `"2026-11-20T10:00:00.1234567Z"`}},
	{name: "time with an offset", body: timed(`"2026-11-20T11:00:00.5+01:00"`), want: map[string]string{"time": `"2026-11-20T11:00:00.5+01:00"`}},
	{name: "time with a negative offset", body: timed(`"2026-11-20T04:30:00-05:30"`), want: map[string]string{"time": `"2026-11-20T04:30:00-05:30"`}},
	{name: "time a date", body: timed(`"2026-11-20"`), want: map[string]string{"time": received, "qliktime": `"2026-11-20"`}, repairs: "time_invalid"},
	{name: "time without zone", body: timed(`"2026-11-20T10:00:00"`), want: map[string]string{"time": received, "qliktime": `"2026-11-20T10:00:00"`}, repairs: "time_invalid"},
	{name: "time with a space", body: timed(`"2026-11-20 10:00:00Z"`), want: map[string]string{"time": received, "qliktime": `"2026-11-20 10:00:00Z"`}, repairs: "time_invalid"},
	{name: "time with a comma", body: timed(`"2026-11-20T10:00:00,5Z"`), want: map[string]string{"time": received, "qliktime": `"2026-11-20T10:00:00,5Z"`}, repairs: "time_invalid"},
	{name: "time with an hour of one digit", body: timed(`"2026-11-20T1:00:00Z"`), want: map[string]string{"time": received}, repairs: "time_invalid"},
	{name: "time with an offset of a day", body: timed(`"2026-11-20T10:00:00+24:00"`), want: map[string]string{"time": received}, repairs: "time_invalid"},
	{name: "time with an offset of 60 minutes", body: timed(`"2026-11-20T10:00:00+01:60"`), want: map[string]string{"time": received}, repairs: "time_invalid"},
	{name: "time with the largest offset", body: timed(`"2026-11-20T10:00:00-18:00"`), want: map[string]string{"time": `"2026-11-20T10:00:00-18:00"`}},
	{name: "time with ten digits of a fraction", body: timed(`"2026-11-20T10:00:00.1234567890Z"`), want: map[string]string{"time": received}, repairs: "time_invalid"},
	{name: "time with nine digits of a fraction", body: timed(`"2026-11-20T10:00:00.123456789Z"`), want: map[string]string{"time": `"2026-11-20T10:00:00.123456789Z"`}},
	{name: "time with an offset over 18 hours", body: timed(`"2026-11-20T10:00:00-18:30"`), want: map[string]string{"time": received}, repairs: "time_invalid"},
	{name: "time in the year 0", body: timed(`"0000-01-01T00:00:00Z"`), want: map[string]string{"time": received}, repairs: "time_invalid"},
	{name: "time in lower case", body: timed(`"2026-11-20t10:00:00z"`), want: map[string]string{"time": received}, repairs: "time_invalid"},
	{name: "time with a short offset", body: timed(`"2026-11-20T10:00:00+01"`), want: map[string]string{"time": received}, repairs: "time_invalid"},
	{name: "time that does not exist", body: timed(`"2026-02-30T10:00:00Z"`), want: map[string]string{"time": received}, repairs: "time_invalid"},
	{name: "time garbage", body: timed(`"gestern\n"`), want: map[string]string{"time": received, "qliktime": `"gestern\n"`}, repairs: "time_invalid"},
	{name: "time a number", body: timed(`1763632800`), want: map[string]string{"time": received, "qliktime": `"1763632800"`}, repairs: "time_invalid"},
}

// TestHashID asserts that a retry of a body without an id has the same id, and another body another.
func TestHashID(t *testing.T) {
	first := normalise(t, `{"type":"x.y","data":1}`)
	if again := normalise(t, `{"type":"x.y","data":1}`); again.ID != first.ID {
		t.Errorf("got %q for the same body, want %q", again.ID, first.ID)
	}
	if other := normalise(t, `{"type":"x.y","data":2}`); other.ID == first.ID {
		t.Errorf("got %q for another body too", other.ID)
	}
}

func normalise(t *testing.T, body string) *bridge.Event {
	t.Helper()
	event, err := bridge.Normalise(normaliseCase{body: body}.delivery(), topics.Default())
	if err != nil {
		t.Fatalf("got %v, want an event", err)
	}
	return event
}

func TestTraceParent(t *testing.T) {
	const (
		own     = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		request = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	)
	tests := []struct {
		name    string
		own     string
		request string
		want    string
	}{
		{"neither", "", "", ""},
		{"the event's", own, "", own},
		{"the request's", "", request, request},
		{"the request's first", own, request, request},
		{"the event's is a placeholder", "string", "", ""},
		{"upper case", strings.ToUpper(own), "", ""},
		{"too short", own[:54], "", ""},
		{"too long", own + "0", "", ""},
		{"another version", "01" + own[2:], "", ""},
		{"other dashes", strings.Replace(own, "-b7", "_b7", 1), "", ""},
		{"no hex in the trace", strings.Replace(own, "0af7", "0xf7", 1), "", ""},
		{"no hex in the flags", own[:53] + "0g", "", ""},
		{"no trace", "00-" + strings.Repeat("0", 32) + own[35:], "", ""},
		{"no span", own[:36] + strings.Repeat("0", 16) + own[52:], "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := normaliseCase{body: withMembers(`,"traceparent":"` + tt.own + `"`)}.delivery()
			d.TraceParent = tt.request
			event, err := bridge.Normalise(d, topics.Default())
			if err != nil {
				t.Fatalf("got %v, want an event", err)
			}
			if event.TraceParent != tt.want {
				t.Errorf("got %q, want %q", event.TraceParent, tt.want)
			}
			if got := event.Attribute("traceparent"); got != tt.own {
				t.Errorf("attribute: got %q, want %q as sent", got, tt.own)
			}
		})
	}
}
