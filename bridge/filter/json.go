package filter

import (
	"fmt"

	"github.com/cloudevents/sdk-go/v2/event"
)

// MatchJSON reports whether the structured CloudEvent that a record's value holds is wanted. A value that holds none is not. It does not panic,
// whatever the value is: anybody may have written to a topic.
func MatchJSON(f Filter, value []byte) bool {
	e, err := readJSON(value)
	return err == nil && f.Match(e)
}

// readJSON reads an event. The SDK panics over some texts: an attribute of null before data_base64 that is no text is one.
func readJSON(value []byte) (e event.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	err = e.UnmarshalJSON(value)
	return e, err
}
