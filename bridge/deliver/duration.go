package deliver

import (
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Duration is a time.Duration that a mistake can be located in: the YAML library does not say where it found one.
type Duration time.Duration

// UnmarshalYAML reads text such as 500ms, 10s or 1m30s.
func (d *Duration) UnmarshalYAML(node ast.Node) error {
	text, ok := node.(*ast.StringNode)
	if ok {
		if read, err := time.ParseDuration(text.Value); err == nil {
			*d = Duration(read)
			return nil
		}
	}
	return faultf(strings.TrimPrefix(node.GetPath(), "$."), "%s is no duration such as 500ms, 10s or 1m30s", node.String())
}

// String is as time.Duration writes it.
func (d Duration) String() string { return time.Duration(d).String() }
