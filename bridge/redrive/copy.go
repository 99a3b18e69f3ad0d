package redrive

import (
	"slices"

	"github.com/go-json-experiment/json"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// CopiedFrom is the header of a copy that says where the event is: topic/partition/offset.
const CopiedFrom = "copiedfrom"

// Choice is which events are copied; what is empty asks for all.
type Choice struct {
	Types    *topics.Selection // required
	Sources  []string
	Subjects []string
	Tenants  []string
}

// Matches reports whether a record holds an event that is asked for. The value is read only where a header does not say enough; one that is
// no JSON has neither subject nor tenant.
func (c Choice) Matches(r *bridge.Record) bool {
	if !c.Types.Has([]byte(r.Header("ce_type"))) || !among(c.Sources, r.Header("ce_source")) {
		return false
	}
	if len(c.Subjects)+len(c.Tenants) == 0 {
		return true
	}
	var event struct {
		Subject string `json:"subject"`
		Tenant  string `json:"tenantid"`
	}
	_ = json.Unmarshal(r.Value, &event)
	return among(c.Subjects, event.Subject) && among(c.Tenants, event.Tenant)
}

// among reports whether wanted is empty or has it.
func among(wanted []string, it string) bool { return len(wanted) == 0 || slices.Contains(wanted, it) }

// Origin reads where a copy comes from. It reports false where the record is none.
func Origin(r *bridge.Record) (bridge.Place, bool) {
	for _, h := range slices.Backward(r.Headers) { // a copy of a copy has two
		if h.Key == CopiedFrom {
			place, err := bridge.ParsePlace(string(h.Value))
			return place, err == nil
		}
	}
	return bridge.Place{}, false
}

// Copied is where the events are that a topic holds copies of.
type Copied map[Partition]map[int64]bool // :: partition -> offset -> there is a copy

// Add notes an origin.
func (c Copied) Add(from bridge.Place) {
	p := Partition{from.Topic, from.Partition}
	if c[p] == nil {
		c[p] = map[int64]bool{}
	}
	c[p][from.Offset] = true
}

// Has reports whether there is a copy of what is at a place.
func (c Copied) Has(at bridge.Place) bool { return c[Partition{at.Topic, at.Partition}][at.Offset] }
