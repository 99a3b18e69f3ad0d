package filter

import "github.com/cloudevents/sdk-go/v2/event"

// MatchJSON reports whether the structured CloudEvent that a record's value holds is wanted. A value that holds none is not.
func MatchJSON(f Filter, value []byte) bool {
	var e event.Event
	return e.UnmarshalJSON(value) == nil && f.Match(e)
}
