package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
	"qlikbridge/topics"
)

// letterFilter is which dead letters a command is about; what is empty asks for all.
type letterFilter struct {
	reasons, types, sources, ids []string
	since, until                 time.Time
	positions                    []bridge.Position
	chosen                       *topics.Selection // by types
}

// filterFlags gives a command the flags of a filter, and returns what makes it once they are parsed.
func filterFlags(cmd *cobra.Command) func(group string, positions []string) (*letterFilter, error) {
	f := &letterFilter{}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.reasons, "reason", nil, "reasons why they were set aside (repeatable)")
	flags.StringSliceVar(&f.types, "type", nil, "types, exact or ending in *, as far as they can be read now (repeatable)")
	flags.StringSliceVar(&f.sources, "source", nil, "sources that they came from (repeatable)")
	flags.StringSliceVar(&f.ids, "id", nil, "ids of events, as far as they can be read now (repeatable)")
	since := flags.String("since", "", "received (of a group: failed) at or after: a duration ago (90m) or a time (2026-11-23T12:00:00Z)")
	until := flags.String("until", "", "received (of a group: failed) before: a duration ago (90m) or a time (2026-11-23T12:00:00Z)")
	return func(group string, positions []string) (*letterFilter, error) {
		return f, f.complete(group, *since, *until, positions, time.Now())
	}
}

func (f *letterFilter) complete(group, since, until string, positions []string, now time.Time) (err error) {
	if group != "" && len(f.sources) > 0 {
		return badConfig(errors.New("--source is of what the bridge set aside, --group of what a group did; leave one of them out"))
	}
	for _, reason := range f.reasons {
		if known := reasonsOf(group); !slices.Contains(known, bridge.Reason(reason)) {
			return badConfig(fmt.Errorf("--reason %s: one of %s", plain(reason), join(known)))
		}
	}
	if f.chosen, err = topics.Default().Select(f.types, nil); err != nil {
		return badConfig(fmt.Errorf("--type: %w", err))
	}
	if f.since, err = parseMoment("--since", since, now); err != nil {
		return badConfig(err)
	}
	if f.until, err = parseMoment("--until", until, now); err != nil {
		return badConfig(err)
	}
	if !f.until.IsZero() && !f.since.Before(f.until) {
		return badConfig(fmt.Errorf("--since %s, --until %s: nothing lies between them", since, until))
	}
	for _, s := range positions {
		at, err := bridge.ParsePosition(s)
		if err != nil {
			return badConfig(err)
		}
		f.positions = append(f.positions, at)
	}
	return nil
}

func join(reasons []bridge.Reason) string {
	words := make([]string, len(reasons))
	for i, reason := range reasons {
		words[i] = string(reason)
	}
	return strings.Join(words, ", ")
}

// empty reports whether the filter asks for all.
func (f *letterFilter) empty() bool {
	return len(f.reasons)+len(f.types)+len(f.sources)+len(f.ids)+len(f.positions) == 0 && f.since.IsZero() && f.until.IsZero()
}

func (f *letterFilter) matches(l letter) bool {
	switch {
	case len(f.types) > 0 && !f.chosen.Has([]byte(l.typ)), l.ReceivedAt.Before(f.since):
		return false
	case !f.until.IsZero() && !l.ReceivedAt.Before(f.until):
		return false
	}
	return among(f.reasons, string(l.Reason)) && among(f.sources, l.Source) && among(f.ids, l.ID) && among(f.positions, l.At.Position)
}

// among reports whether wanted is empty or has it.
func among[T comparable](wanted []T, it T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, it)
}
