package filter

import (
	"errors"
	"fmt"
)

// Wish is what somebody may write to choose events. What is empty asks for nothing, the rest all has to match.
type Wish struct {
	Texts    []string // filters in YAML or JSON, as ParseText takes them
	Queries  []string // CESQL expressions
	Subjects []string // one of them is wanted
	Tenants  []string // ids; one of them is wanted
}

// Join makes one filter of a wish, or nil where it asks for nothing. The error has every part that is wrong, and says which it
// is: filter, sql, subject or tenant, behind the prefix, which is -- where these are flags.
func (w Wish) Join(prefix string) (Filter, error) {
	var joined []Filter
	var wrong []error
	add := func(name string, f Filter, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s%s: %w", prefix, name, err))
		}
		joined = append(joined, f)
	}
	for _, text := range w.Texts {
		f, err := ParseText(text)
		add("filter", f, err)
	}
	for _, query := range w.Queries {
		f, err := Parse(map[string]any{"sql": query})
		add("sql", f, err)
	}
	if len(w.Subjects) > 0 {
		f, err := OneOf("subject", w.Subjects)
		add("subject", f, err)
	}
	if len(w.Tenants) > 0 {
		f, err := OneOf("tenantid", w.Tenants)
		add("tenant", f, err)
	}
	if len(joined) == 0 || len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return All(joined...), nil
}
