package sse

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/filter"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// wish is what a client asks for.
type wish struct {
	types  *topics.Selection
	filter filter.Filter
	since  time.Time // zero: from now on
	resume positions // nil: by since
	named  bool      // each event is called by its type; false: message, as browsers call what has no name
}

// The parameters of a request.
const (
	paramType    = "type"
	paramFamily  = "family"
	paramFilter  = "filter"
	paramSQL     = "sql"
	paramSubject = "subject"
	paramTenant  = "tenant"
	paramSince   = "since"
	paramEvent   = "event"
	lastEventID  = "Last-Event-ID"
)

var parameters = []string{paramType, paramFamily, paramFilter, paramSQL, paramSubject, paramTenant, paramSince, paramEvent}

// mostValues bounds how often one parameter may be there.
const mostValues = 16

// readWish reads the parameters, and where a client that comes again was; the error names the parameter.
func readWish(r *http.Request, now time.Time) (w wish, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return w, fmt.Errorf("query: %w", err)
	}
	if err := checkParameters(query); err != nil {
		return w, err
	}
	if w.types, err = selectTypes(query); err != nil {
		return w, err
	}
	written := filter.Wish{Texts: query[paramFilter], Queries: query[paramSQL], Subjects: query[paramSubject], Tenants: query[paramTenant]}
	if w.filter, err = written.Join(""); err != nil {
		return w, err
	}
	if since := query.Get(paramSince); since != "" {
		if w.since, err = bridge.ParseMoment(since, now); err != nil {
			return w, fmt.Errorf("%s: %w", paramSince, err)
		}
	}
	switch event := query.Get(paramEvent); event {
	case "", "type":
		w.named = true
	case "message":
	default:
		return w, fmt.Errorf("%s %q: type or message", paramEvent, event)
	}
	if id := r.Header.Get(lastEventID); id != "" {
		if w.resume, err = readPositions(id); err != nil {
			return w, fmt.Errorf("%s: %w", lastEventID, err)
		}
	}
	return w, nil
}

func checkParameters(query url.Values) error {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		switch {
		case !slices.Contains(parameters, name):
			return fmt.Errorf("%q is no parameter; there are %s", name, strings.Join(parameters, ", "))
		case len(query[name]) > mostValues:
			return fmt.Errorf("%s: %d values; at most %d", name, len(query[name]), mostValues)
		case (name == paramSince || name == paramEvent) && len(query[name]) > 1:
			return fmt.Errorf("%s: one value is wanted", name)
		}
	}
	return nil
}

// selectTypes chooses by type and family; values can be repeated or stand with commas between them, as on the command line.
func selectTypes(query url.Values) (*topics.Selection, error) {
	families := list(query[paramFamily])
	if slices.Contains(families, topics.DeadLetter) {
		return nil, fmt.Errorf("%s: dead letters are no events; `qlik-bridge dead-letter list` shows them", paramFamily)
	}
	types, err := topics.Default().Select(list(query[paramType]), families)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", paramType, paramFamily, err)
	}
	return types, nil
}

func list(values []string) (all []string) {
	for _, v := range values {
		all = append(all, strings.Split(v, ",")...)
	}
	return all
}

// has reports whether a record is wanted. Its value is parsed only where the type in its header is wanted and there is a filter.
func (w wish) has(r *kafka.Stored) bool {
	if !w.types.Has([]byte(r.Header("ce_type"))) {
		return false
	}
	return w.filter == nil || filter.MatchJSON(w.filter, r.Value)
}
