package filter_test

import (
	"strings"
	"testing"
	"time"

	"qlikbridge/bridge/filter"
)

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, filter string
		want         string
	}{
		{"a string", `type`, "filter: an object is wanted, got a string"},
		{"a number", `7`, "filter: an object is wanted, got a number"},
		{"an empty object", `{}`, "filter: one dialect is wanted, got 0"},
		{"two dialects", `{exact: {type: a}, prefix: {type: b}}`, "filter: one dialect is wanted, got 2; several go into all or any"},
		{"a dialect that is not known", `[{exact: {type: a}}, {regex: {type: a}}]`, `filters[1]: dialect "regex" is not known; one of exact, prefix, suffix, all, any, not, sql`},
		{"a dialect in capitals", `{Exact: {type: a}}`, `filter: dialect "Exact" is not known`},
		{"deep down", `[{exact: {type: a}}, {any: [{exact: {type: 1}}]}]`, "filters[1].any[0].exact.type: a string is wanted, got a number; quote it"},
		{"exact with a string", `exact: type`, "filter.exact: an object is wanted, got a string"},
		{"exact with a list", `exact: [type]`, "filter.exact: an object is wanted, got a list"},
		{"exact with nothing", `exact: {}`, "filter.exact: no attribute to compare"},
		{"exact with null", `exact: null`, "filter.exact: an object is wanted, got nothing"},
		{"an empty value", `exact: {type: ""}`, "filter.exact.type: the string is empty"},
		{"an empty prefix", `prefix: {type: ""}`, "filter.prefix.type: the string is empty"},
		{"a boolean", `suffix: {type: true}`, "filter.suffix.type: a string is wanted, got true or false"},
		{"an attribute without a name", `exact: {"": x}`, "filter.exact: the name of an attribute is empty"},
		{"an attribute in capitals", `exact: {Type: x}`, `filter.exact: "Type" is no name of an attribute`},
		{"an attribute with a dash", `exact: {tenant-id: x}`, `filter.exact: "tenant-id" is no name`},
		{"data", `exact: {data: x}`, "filter.exact: data is no attribute"},
		{"a time that is none", `exact: {time: yesterday}`, `filter.exact.time: "yesterday" is no time of RFC 3339`},
		{"an empty all", `all: []`, "filter.all: the list is empty"},
		{"an empty any", `any: []`, "filter.any: the list is empty"},
		{"any with an object", `any: {exact: {type: a}}`, "filter.any: a list is wanted, got an object"},
		{"not with a list", `not: [{exact: {type: a}}]`, "filter.not: an object is wanted, got a list"},
		{"not in not", `not: {not: {exact: {type: ""}}}`, "filter.not.not.exact.type: the string is empty"},
		{"sql with an object", `sql: {type: a}`, "filter.sql: a string is wanted, got an object"},
		{"empty sql", `sql: ""`, "filter.sql: the string is empty"},
		{"a long value", `exact: {type: ` + repeated("", "x", 4097, "") + `}`, "filter.exact.type: the string has 4097 bytes; at most 4096"},
		{"long sql", `sql: "` + repeated("1", " + 1", 1100, "") + `"`, "filter.sql: the string has 4401 bytes; at most 4096"},
		{"deep", repeated("", "{not: ", 17, "{exact: {type: a}}") + repeated("", "}", 17, ""), "nested more than 16 deep"},
		{"many", repeated("[", "{exact: {type: a}},", 129, "]"), "more than 256 parts"},
		{"a key twice", `exact: {type: a, type: b}`, `mapping key "type" already defined`},
		{"two documents", "exact: {type: a}\n---\nexact: {type: b}", "more than one YAML document"},
		{"an alias", "any: [&a {exact: {type: x}}, *a]", "anchors and aliases"},
		{"a tag", "exact: {type: !!str 1}", "filter: YAML [1:15] a tag of YAML"},
		{"not YAML", `exact: {type: `, "filter: YAML [1:"},
		{"a long text", repeated("#", "x", 16<<10, ""), "a text of 16385 bytes; at most 16384"},
		{"many brackets", repeated("", "[", 65, ""), "filter: YAML [1:65] nested more than 64 deep"},
		{"brackets that comments close", repeated("", "[ #]\n", 65, ""), "nested more than 64 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := filter.ParseText(tt.filter)
			if err == nil || !strings.Contains(err.Error(), tt.want) || f != nil {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err != nil && strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("got %q, want one line", err)
			}
		})
	}
}

// TestSQLErrors asserts that what the library panics over, takes or finds out too late is refused, with what is wrong and where.
func TestSQLErrors(t *testing.T) {
	tests := []struct{ name, sql, want string }{
		{"nothing more than a sign", `(`, "CESQL, line 1, column 2: "},
		{"no right side", `type =`, "CESQL, line 1, column 7: "},
		{"an operator too few", `type = 'a' 'b'`, "CESQL, line 1, column 12: "},
		{"a number that is read as a sign", `1-1`, "CESQL, line 1, column 2: "},
		{"an empty set", `type IN ()`, "CESQL, line 1, column 10: "},
		{"a pattern that is no string", `'a' LIKE type`, "CESQL, line 1, column 10: "},
		{"a character of no use", `type = 'a' #`, "CESQL, line 1, column 12: token recognition error at: '#'"},
		{"a string without an end", "type =\n 'a", "CESQL, line 2, column 2: "},
		{"a number that is too large", `level > 2147483648`, `CESQL at "2147483648": a number of 32 bits`},
		{"an unknown function", `lowercase(type) = 'a'`, `CESQL has no function "LOWERCASE" of 1 arguments`},
		{"an argument too few", `LEFT(type) = 'a'`, `CESQL has no function "LEFT" of 1 arguments`},
		{"AND before OR", `type = 'a' AND id = 'b' OR id = 'c'`, "CESQL: AND and OR side by side; put brackets"},
		{"OR before AND", `type = 'a' or id = 'b' and id = 'c'`, "CESQL: OR and AND side by side"},
		{"XOR before OR", `TRUE XOR FALSE OR TRUE`, "CESQL: XOR and OR side by side"},
		{"further on", `TRUE AND TRUE AND FALSE OR TRUE`, "CESQL: AND and OR side by side"},
		{"in brackets", `NOT (TRUE AND FALSE XOR TRUE)`, "CESQL: AND and XOR side by side"},
		{"data", `data = 'x'`, "CESQL: data is no attribute"},
		{"no UTF-8", "type = '\xff'", "no UTF-8"},
		{"many words", repeated("1", "+ 1", 1024, ""), "words and signs; at most 1024"},
		{"many brackets", repeated("", "(", 65, ""), "nested more than 64 deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := filter.Parse([]any{map[string]any{"sql": tt.sql}})
			if err == nil || !strings.HasPrefix(err.Error(), "filters[0].sql: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want filters[0].sql and %q", err, tt.want)
			}
		})
	}
}

// TestBounds asserts that what is within the bounds is taken, and nothing takes long.
func TestBounds(t *testing.T) {
	tests := []struct {
		name, filter string
		ok           bool
	}{
		{"16 deep", repeated("", "{not: ", 15, "{exact: {type: a}}") + repeated("", "}", 15, ""), true},
		{"256 parts", repeated("[", "{exact: {type: a}},", 128, "]"), true},
		{"64 brackets", "sql: " + repeated("", "(", 64, "TRUE") + repeated("", ")", 64, ""), true},
		{"1024 words", "sql: " + repeated("", "TRUE AND ", 400, "TRUE"), true},
		{"unary operators", "sql: " + repeated("", "NOT ", 1000, "TRUE"), true},
		{"open brackets", "sql: " + repeated("", "1 IN (", 64, ""), false},
		{"operators", "sql: " + repeated("", "1 + 2 * 3 = 4 AND (", 60, "1"), false},
		{"sequences", repeated("", "- ", 8000, ""), false},
		{"keys", repeated("", "a: ", 5000, ""), false},
		{"brackets that close", repeated("", "]", 16000, ""), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			if _, err := filter.ParseText(tt.filter); (err == nil) != tt.ok {
				t.Errorf("got %v, want ok %v", err, tt.ok)
			}
			if took := time.Since(began); took > slow {
				t.Errorf("took %s", took)
			}
		})
	}
}
