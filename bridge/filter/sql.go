package filter

import (
	"fmt"
	"sync/atomic"

	cesql "github.com/cloudevents/sdk-go/sql/v2"
	"github.com/cloudevents/sdk-go/sql/v2/utils"
	"github.com/cloudevents/sdk-go/v2/event"
)

// sql matches where a CESQL expression is true. Where it fails there is no match, which the specification demands, and the failure is counted.
type sql struct {
	expression cesql.Expression
	failures   *atomic.Uint64
}

func (p *parser) sql(at path, v any) (Filter, error) {
	text, err := at.string(v)
	if err != nil {
		return nil, err
	}
	expression, err := compile(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return sql{expression, &p.root.failures}, nil
}

// Match implements Filter. The library panics where it ought to fail: SUBSTRING('abc', 2, -1) is one way.
func (s sql) Match(e event.Event) (matched bool) {
	defer func() {
		if recover() != nil {
			s.failures.Add(1)
			matched = false
		}
	}()
	result, err := s.expression.Evaluate(e)
	if err == nil {
		result, err = utils.Cast(result, cesql.BooleanType)
	}
	if err != nil {
		s.failures.Add(1)
		return false
	}
	return result == true
}
