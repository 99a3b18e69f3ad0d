package nesting_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"qlikbridge/bridge/nesting"
)

// TestCaught asserts that what the YAML library panics over, were it not refused before, is an error, and that an error without a panic stays.
func TestCaught(t *testing.T) {
	parse := func(text string, failed error) (err error) {
		defer nesting.Caught(&err)
		if err := yaml.Unmarshal([]byte(text), &struct{ A []string }{}); err != nil {
			return err
		}
		return failed
	}
	if err := parse("a: !!binary x", nil); err == nil || !strings.Contains(err.Error(), "YAML that cannot be read") {
		t.Errorf("got %v, want the panic as an error", err)
	}
	if failed := errors.New("x"); parse("a: [x]", failed) != failed || parse("a: [x]", nil) != nil {
		t.Error("got another error than without Caught")
	}
}
