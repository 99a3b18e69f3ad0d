package sandbox

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// scope is what the marks of a text may name beside what every event has.
type scope struct {
	shared map[string]string // :: name -> text
	once   map[string]string // :: name -> the value that it is drawn from
}

// use reads a shared text, in which its own name is unknown: it would have no end.
func (sc scope) use(name string) (part, error) {
	text, ok := sc.shared[name]
	if !ok {
		return nil, fmt.Errorf("${use %s}: no such shared text here; there are %s", name, names(maps.Keys(sc.shared)))
	}
	others := maps.Clone(sc.shared)
	delete(others, name)
	t, err := scope{shared: others}.template(text)
	if err != nil {
		return nil, fmt.Errorf("shared text %s: %w", name, err)
	}
	return t.render, nil
}

func (sc scope) value(mark string) (value, error) {
	if holds, ok := sc.condition(mark); ok {
		return func(s *scene) string { return strconv.FormatBool(holds(s)) }, nil
	}
	if sc.once[mark] != "" {
		return func(s *scene) string { return s.drawn[mark] }, nil
	}
	if field := fields[mark]; field != nil {
		return field, nil
	}
	word, words, _ := strings.Cut(mark, " ")
	if makers[word] == nil {
		return nil, fmt.Errorf("${%s}: no such value; there are %s", mark,
			names(maps.Keys(makers), maps.Keys(fields), maps.Keys(conditions), maps.Keys(sc.once)))
	}
	v, err := makers[word](words)
	if err != nil {
		return nil, fmt.Errorf("${%s}: %w", mark, err)
	}
	return v, nil
}

func (sc scope) condition(text string) (func(*scene) bool, bool) {
	if other, ok := strings.CutPrefix(text, "not "); ok {
		holds, ok := sc.condition(other)
		return func(s *scene) bool { return !holds(s) }, ok
	}
	if from := sc.once[text]; from != "" {
		_, ok := scope{}.condition(from)
		return func(s *scene) bool { return s.drawn[text] == "true" }, ok
	}
	holds, ok := conditions[text]
	return holds, ok
}
