package deliver

import (
	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"
)

// attributes are those that an event has, extensions too, in CloudEvents' canonical string form (CloudEvents 1.0.2, section "Type System").
func attributes(e *event.Event) map[string]string {
	c := e.Context.AsV1()
	all := map[string]string{"specversion": c.GetSpecVersion()}
	for name, value := range map[string]string{"id": c.GetID(), "source": c.GetSource(), "type": c.GetType(), "subject": c.GetSubject(),
		"datacontenttype": c.GetDataContentType(), "dataschema": c.GetDataSchema()} {
		if value != "" {
			all[name] = value
		}
	}
	if at := c.GetTime(); !at.IsZero() {
		all["time"] = types.FormatTime(at)
	}
	for name, value := range c.Extensions {
		if text, err := types.Format(value); err == nil {
			all[name] = text
		}
	}
	return all
}
