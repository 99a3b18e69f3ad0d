package bridge_test

import (
	"fmt"
	"strings"

	"qlikbridge/bridge"
)

// nested is n arrays in one another.
func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// memberList is n further members.
func memberList(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"x%d":%d`, i, i)
	}
	return b.String()
}

var memberCases = []normaliseCase{
	{name: "empty body", body: "", reason: bridge.EmptyBody},
	{name: "white space", body: " \r\n\t", reason: bridge.EmptyBody},
	{name: "no JSON", body: "hello", reason: bridge.InvalidJSON},
	{name: "form", body: "a=b&c=d", reason: bridge.InvalidJSON},
	{name: "byte order mark", body: "\ufeff" + withMembers(""), reason: bridge.InvalidJSON},
	{name: "breaks off", body: `{"type":"x.y","data":{"a":`, reason: bridge.InvalidJSON},
	{name: "breaks off in a name", body: `{"type":"x.y","dat`, reason: bridge.InvalidJSON},
	{name: "trailing comma", body: `{"type":"x.y",}`, reason: bridge.InvalidJSON},
	{name: "comment", body: `{"type":"x.y"/* */}`, reason: bridge.InvalidJSON},
	{name: "single quotes", body: `{'type':'x.y'}`, reason: bridge.InvalidJSON},
	{name: "NaN", body: `{"type":"x.y","data":NaN}`, reason: bridge.InvalidJSON},
	{name: "raw control character in a string", body: "{\"type\":\"x\ny\"}", reason: bridge.InvalidJSON},
	{name: "trailing object", body: `{"type":"x.y"}{"type":"x.y"}`, reason: bridge.InvalidJSON},
	{name: "trailing garbage", body: `{"type":"x.y"} x`, reason: bridge.InvalidJSON},
	{name: "trailing NUL", body: "{\"type\":\"x.y\"}\x00", reason: bridge.InvalidJSON},
	{name: "white space around", body: "\n\t " + identified(`"e-1"`, `"s"`, `"x.y"`) + " \r\n", want: map[string]string{"id": `"e-1"`}},
	{name: "array", body: `[` + withMembers("") + `]`, reason: bridge.Batch},
	{name: "empty array", body: `[]`, reason: bridge.Batch},
	{name: "string", body: `"x"`, reason: bridge.NotAnObject},
	{name: "number", body: `5`, reason: bridge.NotAnObject},
	{name: "true", body: `true`, reason: bridge.NotAnObject},
	{name: "null", body: `null`, reason: bridge.NotAnObject},
	{name: "empty object", body: `{}`, reason: bridge.NoType},
	{name: "invalid UTF-8 in a value", body: "{\"type\":\"x\xff\"}", reason: bridge.InvalidUTF8},
	{name: "invalid UTF-8 in data", body: withData("{\"a\":\"\xc3\"}"), reason: bridge.InvalidUTF8},
	{name: "UTF-16", body: "{\x00}\x00", reason: bridge.InvalidJSON},
	{name: "surrogate in UTF-8", body: "{\"type\":\"\xed\xa0\x80\"}", reason: bridge.InvalidUTF8},
	{name: "lone surrogate in id", body: identified(`"\ud800"`, `"s"`, `"x.y"`), reason: bridge.InvalidJSON},
	{name: "lone surrogate in data", body: withData(`{"a":"\udfff"}`), reason: bridge.InvalidJSON},
	{name: "surrogate pair", body: identified(`"\ud83d\ude00"`, `"s"`, `"x.y"`), want: map[string]string{"id": `"😀"`}},
	{name: "duplicate key", body: `{"type":"x.y","type":"x.y"}`, reason: bridge.DuplicateKey},
	{name: "duplicate key by escape", body: `{"type":"x.y","typ\u0065":"x.y"}`, reason: bridge.DuplicateKey},
	{name: "duplicate key of null", body: `{"type":"x.y","a":null,"a":1}`, reason: bridge.DuplicateKey},
	{name: "duplicate key in data", body: withData(`{"id":"a","id":"b"}`), reason: bridge.DuplicateKey},
	{name: "duplicate key deep in data", body: withData(`[[{"a":{"b":1,"b":1}}]]`), reason: bridge.DuplicateKey},
	{name: "duplicate key in extensions", body: withMembers(`,"extensions":{"a":1,"a":2}`), reason: bridge.DuplicateKey},
	{name: "same key in two objects of data", body: withData(`[{"a":1},{"a":1}]`), data: `[{"a":1},{"a":1}]`},
	{name: "keys of data that differ in case", body: withData(`{"A":1,"a":2}`), data: `{"A":1,"a":2}`},
	{name: "data nested 199 deep", body: withData(nested(199)), data: nested(199)},
	{name: "data nested 200 deep", body: withData(nested(200)), reason: bridge.TooDeep},
	{name: "more brackets than depth", body: withData("[" + strings.Repeat("{},", 300) + "{}]"), data: "[" + strings.Repeat("{},", 300) + "{}]"},
	{name: "data nested 20,000 deep", body: withData(nested(20000)), reason: bridge.TooDeep},
	{name: "attribute nested 199 deep", body: withMembers(`,"meta":` + nested(199)), data: appData, want: map[string]string{"meta": `"` + nested(199) + `"`}},
	{name: "attribute nested 20,000 deep", body: withMembers(`,"meta":` + nested(20000)), reason: bridge.TooDeep},
	{name: "256 members", body: withMembers(memberList(249)), data: appData, want: map[string]string{"x248": `248`}, once: true},
	{name: "257 members", body: withMembers(memberList(250)), reason: bridge.TooManyAttributes},
	{name: "300 members", body: withMembers(memberList(300)), reason: bridge.TooManyAttributes},
	{name: "300 members in extensions", body: withMembers(`,"extensions":{` + memberList(300)[1:] + `}`), reason: bridge.TooManyAttributes},
	{name: "300 members in data", body: withData(`{` + memberList(300)[1:] + `}`), data: `{` + memberList(300)[1:] + `}`},
}
