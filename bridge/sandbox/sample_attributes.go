package sandbox

import (
	"fmt"
	"path"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// attributes gives the value of each attribute that Qlik adds to an event.
// None draws at random: in a hybrid body the same one stands in two places.
var attributes = map[string]func(*event) any{
	"actor":      func(e *event) any { return e.actor() },
	"authclaims": func(e *event) any { return e.claims() },
	"authtype":   func(e *event) any { return "jwt" },
	"clientid":   func(e *event) any { return e.Hex(32, "client") },
	"dataschema": func(e *event) any { return "https://schemas.example.com/" + e.kind.Type },
	"host":       func(e *event) any { return e.service() + "-" + e.Hex(8, "host") },
	"meta": func(e *event) any {
		return object{{"userAgent", "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"}}
	},
	"originip":           func(e *event) any { return fmt.Sprintf("198.51.100.%d", e.number+1) },
	"ownerid":            func(e *event) any { return e.App.Owner.ID },
	"reason":             func(e *event) any { return "user request" },
	"sessionid":          func(e *event) any { return e.User.Session },
	"spaceid":            func(e *event) any { return e.App.Space.ID },
	"subject":            func(e *event) any { return e.App.Name },
	"tenantid":           func(e *event) any { return e.Tenant },
	"toplevelresourceid": func(e *event) any { return string(e.resource) },
	"traceparent":        func(e *event) any { return "00-" + e.trace() + "-" + e.trace()[:16] + "-01" },
	"tracestate":         func(e *event) any { return "b3=" + e.trace() + "-" + e.trace()[:16] + "-1" },
	"updates":            func(e *event) any { return jsontext.Value(e.updates) },
	"userid":             func(e *event) any { return e.User.ID },
}

// members are the attributes of these names.
func (e *event) members(names []string) object {
	var o object
	for _, name := range names {
		o = append(o, member{name, attributes[name](e)})
	}
	return o
}

func (e *event) time() string { return stamp(e.at) }

// trace is an id of 32 hexits, the event's own in another dress.
func (e *event) trace() string { return strings.ReplaceAll(e.id, "-", "") }

func (e *event) service() string { return path.Base(e.kind.Source) }

func (e *event) actor() object { return object{{"sub", e.User.ID}, {"subType", "user"}} }

// claims is a string that holds JSON, as Qlik sends it.
func (e *event) claims() string {
	return fmt.Sprintf(`{"iss":"qlik.api.internal/%s","sub":%q,"subType":"user","tenantId":%q}`,
		e.service(), e.User.ID, e.Tenant)
}
