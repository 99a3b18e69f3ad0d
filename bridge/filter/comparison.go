package filter

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
)

// comparison compares attributes with texts: all have to agree, and one that the event does not have does not. Case counts.
type comparison struct {
	conditions []condition
	agrees     func(value, wanted string) bool
}

type condition struct{ attribute, wanted string }

// Match implements Filter.
func (c comparison) Match(e event.Event) bool {
	for _, wanted := range c.conditions {
		if value, ok := attribute(e.Context, wanted.attribute); !ok || !c.agrees(value, wanted.wanted) {
			return false
		}
	}
	return true
}

func (p *parser) prefix(at path, v any) (Filter, error) {
	return p.comparison(at, v, strings.HasPrefix)
}

func (p *parser) suffix(at path, v any) (Filter, error) {
	return p.comparison(at, v, strings.HasSuffix)
}

// exact takes a time in any form of RFC 3339: 12:00:00.000Z, 12:00:00Z and 13:00:00+01:00 are one moment, and one canonical form.
func (p *parser) exact(at path, v any) (Filter, error) {
	c, err := p.comparison(at, v, func(value, wanted string) bool { return value == wanted })
	if err != nil {
		return nil, err
	}
	for i, wanted := range c.conditions {
		if wanted.attribute != "time" {
			continue
		}
		moment, err := types.ParseTime(wanted.wanted)
		if err != nil {
			return nil, fmt.Errorf("%s: %s is no time of RFC 3339, such as 2026-11-23T12:00:00Z", at.member("time"), quoted(wanted.wanted))
		}
		c.conditions[i].wanted = types.FormatTime(moment)
	}
	return c, nil
}

func (p *parser) comparison(at path, v any, agrees func(value, wanted string) bool) (comparison, error) {
	object, err := at.object(v)
	if err == nil && len(object) == 0 {
		err = fmt.Errorf("%s: no attribute to compare", at)
	}
	c := comparison{agrees: agrees}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if err := p.count(at); err != nil {
			return c, err
		}
		if err := checkAttribute(name); err != nil {
			return c, fmt.Errorf("%s: %w", at, err)
		}
		wanted, err := at.member(name).string(object[name])
		if err != nil {
			return c, err
		}
		c.conditions = append(c.conditions, condition{name, wanted})
	}
	return c, err
}
