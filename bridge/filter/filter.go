// Package filter decides which events somebody wants, by the filters of the CloudEvents Subscriptions API (cloudevents/spec,
// subscriptions/spec.md, 3.2.4): exact, prefix, suffix, all, any, not, and sql, which is CESQL. It looks at attributes alone, never at data,
// and knows nothing of Kafka or of where filters are written down.
package filter

import (
	"fmt"
	"sync/atomic"

	"github.com/cloudevents/sdk-go/v2/event"
)

// What one filter may be made of: whoever writes filters may be a stranger to who runs them.
const (
	mostNested  = 16   // filters in filters
	mostParts   = 256  // filters, and attributes to compare, in all
	mostBytes   = 4096 // of an attribute's value and of a CESQL expression
	mostTokens  = 1024 // of a CESQL expression
	mostBracket = 64   // brackets in brackets of a CESQL expression
)

// Filter decides about events. Those that Parse makes never change and are safe for concurrent use.
type Filter interface {
	// Match reports whether an event is wanted. It neither blocks nor panics, whatever the event holds.
	Match(e event.Event) bool
}

// Parse makes a filter of what YAML or JSON was decoded to: an object with one dialect, or a list of those that must all match. Nothing and
// an empty list match every event, as in the specification. The error names the place, as in filters[1].any[0].exact.
func Parse(v any) (Filter, error) {
	p := &parser{root: &root{}}
	var err error
	switch v := v.(type) {
	case nil:
		p.root.Filter = all(nil)
	case []any:
		p.root.Filter, err = p.list(path{text: "filters"}, v)
	default:
		p.root.Filter, err = p.filter(path{text: "filter"}, v)
	}
	if err != nil {
		return nil, err
	}
	return p.root, nil
}

// Failures is how many CESQL expressions of a filter have ended in an error instead of a result until now: an attribute that is not there, a
// text that is no number. Each was no match. It is 0 for filters that this package did not make.
func Failures(f Filter) uint64 {
	var n uint64
	switch f := f.(type) {
	case *root:
		n = f.failures.Load()
	case all:
		for _, f := range f {
			n += Failures(f)
		}
	}
	return n
}

// root is a whole filter.
type root struct {
	Filter
	failures atomic.Uint64
}

// parser makes one filter.
type parser struct {
	root  *root
	parts int // until now
}

// count bounds what a filter is made of.
func (p *parser) count(at path) error {
	if p.parts++; p.parts > mostParts {
		return fmt.Errorf("%s: the filter has more than %d parts", at, mostParts)
	}
	return nil
}

// dialects are what a filter can be, by name.
var dialects map[string]func(p *parser, at path, v any) (Filter, error)

func init() { // a filter in a filter is found here again, which a plain declaration may not be
	dialects = map[string]func(*parser, path, any) (Filter, error){
		"exact": (*parser).exact, "prefix": (*parser).prefix, "suffix": (*parser).suffix,
		"all": (*parser).all, "any": (*parser).any, "not": (*parser).not,
		"sql": (*parser).sql,
	}
}

const dialectNames = "exact, prefix, suffix, all, any, not, sql"

func (p *parser) filter(at path, v any) (Filter, error) {
	object, err := at.object(v)
	if err != nil {
		return nil, err
	}
	if err := p.count(at); err != nil {
		return nil, err
	}
	if at.depth >= mostNested {
		return nil, fmt.Errorf("%s: filters are nested more than %d deep", at, mostNested)
	}
	if len(object) != 1 {
		return nil, fmt.Errorf("%s: one dialect is wanted, got %d; several go into all or any", at, len(object))
	}
	for name, v := range object {
		dialect, ok := dialects[name]
		if !ok {
			return nil, fmt.Errorf("%s: dialect %s is not known; one of %s", at, quoted(name), dialectNames)
		}
		return dialect(p, at.member(name), v)
	}
	return nil, nil // not reached
}
