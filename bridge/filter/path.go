package filter

import (
	"fmt"
	"strconv"
)

// path is a place in a filter, for errors.
type path struct {
	text  string
	depth int // how many filters are around it
}

func (at path) String() string { return at.text }

func (at path) member(name string) path { return path{at.text + "." + name, at.depth + 1} }

func (at path) index(i int) path { return path{at.text + "[" + strconv.Itoa(i) + "]", at.depth} }

func (at path) object(v any) (map[string]any, error) {
	if object, ok := v.(map[string]any); ok {
		return object, nil
	}
	return nil, fmt.Errorf("%s: an object is wanted, got %s", at, kind(v))
}

func (at path) list(v any) ([]any, error) {
	if list, ok := v.([]any); ok {
		return list, nil
	}
	return nil, fmt.Errorf("%s: a list is wanted, got %s", at, kind(v))
}

// string is a text that is not empty and not too long.
func (at path) string(v any) (string, error) {
	s, ok := v.(string)
	switch {
	case !ok:
		return "", fmt.Errorf("%s: a string is wanted, got %s; quote it", at, kind(v))
	case s == "":
		return "", fmt.Errorf("%s: the string is empty", at)
	case len(s) > mostBytes:
		return "", fmt.Errorf("%s: the string has %d bytes; at most %d", at, len(s), mostBytes)
	}
	return s, nil
}

// kind is what a decoded value is, in the words of YAML and JSON.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "a string"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	case int, int64, uint64, float64:
		return "a number"
	}
	return fmt.Sprintf("a %T", v)
}

// quoted is a name that anybody may have written, short enough for a message.
func quoted(name string) string {
	const most = 40
	if len(name) > most {
		return strconv.Quote(name[:most]) + "…"
	}
	return strconv.Quote(name)
}
