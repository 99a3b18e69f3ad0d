package filter

import (
	"fmt"

	"github.com/cloudevents/sdk-go/v2/event"
)

// all matches where each of its filters does.
type all []Filter

// Match implements Filter.
func (a all) Match(e event.Event) bool {
	for _, f := range a {
		if !f.Match(e) {
			return false
		}
	}
	return true
}

// either matches where one of its filters does.
type either []Filter

// Match implements Filter.
func (a either) Match(e event.Event) bool {
	for _, f := range a {
		if f.Match(e) {
			return true
		}
	}
	return false
}

// not matches where its filter does not, be it because that one failed.
type not struct{ Filter }

// Match implements Filter.
func (n not) Match(e event.Event) bool { return !n.Filter.Match(e) }

func (p *parser) all(at path, v any) (Filter, error) {
	list, err := p.nested(at, v)
	return all(list), err
}

func (p *parser) any(at path, v any) (Filter, error) {
	list, err := p.nested(at, v)
	return either(list), err
}

func (p *parser) not(at path, v any) (Filter, error) {
	f, err := p.filter(at, v)
	return not{f}, err
}

// nested is a list in a filter, which has to hold something.
func (p *parser) nested(at path, v any) ([]Filter, error) {
	list, err := at.list(v)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s: the list is empty", at)
	}
	if err != nil {
		return nil, err
	}
	return p.list(at, list)
}

func (p *parser) list(at path, list []any) (all, error) {
	filters := make(all, 0, min(len(list), mostParts))
	for i, v := range list {
		f, err := p.filter(at.index(i), v)
		if err != nil {
			return nil, err
		}
		filters = append(filters, f)
	}
	return filters, nil
}

// All matches where each of the filters does; without any, always.
func All(filters ...Filter) Filter { return all(filters) }

// OneOf matches where an attribute has one of the values. It refuses what exact does.
func OneOf(name string, values []string) (Filter, error) {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = map[string]any{"exact": map[string]any{name: value}}
	}
	return Parse(map[string]any{"any": list})
}
