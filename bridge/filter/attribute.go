package filter

import (
	"fmt"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
)

// checkAttribute refuses names that no attribute can have: CloudEvents 1.0 allows lower-case letters and digits, and data is none.
func checkAttribute(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the name of an attribute is empty")
	case name == "data" || name == "data_base64":
		return fmt.Errorf("%s is no attribute; filters look at attributes alone", name)
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "":
		return fmt.Errorf("%s is no name of an attribute; lower-case letters and digits", quoted(name))
	}
	return nil
}

// attribute is the value of an attribute in the canonical string form of CloudEvents 1.0; false: the event does not have it.
func attribute(context event.EventContext, name string) (string, bool) {
	c, ok := context.(*event.EventContextV1)
	switch {
	case context == nil:
		return "", false
	case !ok:
		c = context.AsV1()
	}
	switch name {
	case "specversion":
		return c.GetSpecVersion(), true
	case "id":
		return present(c.GetID())
	case "source":
		return present(c.GetSource())
	case "type":
		return present(c.GetType())
	case "subject":
		return present(c.GetSubject())
	case "datacontenttype":
		return present(c.GetDataContentType())
	case "dataschema":
		return present(c.GetDataSchema())
	case "time":
		if t := c.GetTime(); !t.IsZero() {
			return types.FormatTime(t), true
		}
		return "", false
	}
	return extension(c.Extensions[name])
}

func present(value string) (string, bool) { return value, value != "" }

func extension(value any) (string, bool) {
	switch value := value.(type) {
	case nil:
		return "", false
	case string:
		return value, true
	}
	text, err := types.Format(value)
	return text, err == nil
}
