// Package sandbox plays Qlik Cloud where there is none: it makes sample events
// of every type that Qlik documents, in every envelope that Qlik sends.
// What the bridge knows of Qlik (families, keys, schemas) does not belong here,
// so that a mistake there cannot hide behind the same mistake here.
package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
)

// Samples makes realistic Qlik events of one made-up tenant with a few apps,
// spaces and users, so that keys repeat as they do in life.
//
// The same seed, clock and order of calls give the same bytes. It is safe for
// concurrent use if the clock is; the order of the calls then decides which
// caller gets which body.
type Samples struct {
	world *world
	now   func() time.Time

	made atomic.Uint64 // bodies begun so far, the seed of the next
}

// NewSamples makes the tenant of this seed; events happen at the time that now gives.
func NewSamples(seed uint64, now func() time.Time) *Samples {
	return &Samples{world: newWorld(seed), now: now}
}

// SampleTypes lists every type that has a sample, by family in alphabetical order
// and within the family in Qlik's order; aliases are left out. The caller owns the slice.
func SampleTypes() []string {
	return slices.Clone(catalog().types)
}

// Body makes one event of the type, compact and with an id of its own. The type is
// a current name or an older alias, which the body then carries as given; the
// envelope is "legacy", "hybrid", "cloudevents" or "audit".
func (s *Samples) Body(typ, envelope string) ([]byte, error) {
	kind, ok := catalog().kinds[typ]
	if !ok {
		return nil, fmt.Errorf("unknown type %q: there are %d types, of the families %s",
			typ, len(catalog().types), strings.Join(catalog().families, ", "))
	}
	wrap, ok := envelopes[envelope]
	if !ok {
		return nil, fmt.Errorf("unknown envelope %q: there are %s",
			envelope, strings.Join(slices.Sorted(maps.Keys(envelopes)), ", "))
	}
	return json.Marshal(wrap(s.event(kind, typ, envelope)))
}

func (s *Samples) event(kind *kind, typ, envelope string) *event {
	sc := newScene(s.world, s.made.Add(1), s.now())
	sc.Legacy = envelope == "legacy"
	ev := &event{scene: sc, kind: kind, typ: typ, id: sc.UUID()}
	kind.fill(ev)
	return ev
}
