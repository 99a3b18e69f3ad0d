package nesting_test

import (
	"errors"
	"testing"

	"github.com/goccy/go-yaml"

	"qlikbridge/bridge/nesting"
)

// TestUnquoted asserts that an error says where, and quotes no line of the text.
func TestUnquoted(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{name: "an unknown key", text: "url: secret\nulr: x\n", want: `[2:1] ulr: unknown field "ulr"`},
		{name: "an unknown key further in", text: "url: secret\nlist: [{wait: 1}, {wiat: 2}]\n", want: `[2:20] list[1].wiat: unknown field "wiat"`},
		{name: "a value of another type", text: "url: secret\nlist:\n- wait: soon\n", want: "[3:9] list[0].wait: cannot unmarshal string into Go struct field .List of type int"},
		{name: "a text for a list", text: "url: secret\nlist: x", want: "[2:7] list: string was used where sequence is expected"},
		{name: "a key twice", text: "url: secret\nurl: secret\n", want: `[2:1] mapping key "url" already defined at [1:1]`},
		{name: "an alias of nothing", text: "url: *x\n# secret", want: `[1:7] url: could not find alias "x"`},
		{name: "no YAML", text: "url: secret\nlist: [", want: "[2:7] sequence end token ']' not found"},
		{name: "a tab", text: "url: secret\nlist:\n\t- x", want: "[3:1] found character '\t' that cannot start any token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var into struct {
				URL  string
				List []struct{ Wait int }
			}
			err := nesting.Unquoted([]byte(tt.text), yaml.UnmarshalWithOptions([]byte(tt.text), &into, yaml.Strict()))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %q, want %q", err, tt.want)
			}
		})
	}
	if err := errors.New("x"); nesting.Unquoted(nil, err) != err || nesting.Unquoted(nil, nil) != nil {
		t.Error("got another error, want one that is not the library's as it is")
	}
}
