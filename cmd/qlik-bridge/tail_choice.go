package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"qlikbridge/bridge/filter"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// eventChoice is which records tail prints.
type eventChoice struct {
	types  *topics.Selection
	filter filter.Filter // nil: none, and dead letters are printed too where their topic is chosen
}

// choiceFlags gives a command the flags that choose events, and returns what reads them once they are parsed.
func choiceFlags(cmd *cobra.Command) func() (eventChoice, error) {
	flags := cmd.Flags()
	types := flags.StringSlice("type", nil, "types, exact or ending in * (repeatable); older names are found by today's too")
	families := flags.StringSlice("family", nil, "families (repeatable)")
	texts := flags.StringArray("filter", nil, "CloudEvents filter in YAML or JSON, such as '{prefix: {subject: Sales}}' (repeatable: all have to match)")
	queries := flags.StringArray("sql", nil, "CESQL expression, such as \"source LIKE 'com.qlik/%'\" (repeatable: all have to be true)")
	subjects := flags.StringArray("subject", nil, "subjects, exact (repeatable)")
	tenants := flags.StringArray("tenant", nil, "tenant ids, exact (repeatable)")
	return func() (c eventChoice, err error) {
		if c.types, err = selectEvents(*types, *families); err != nil {
			return c, fmt.Errorf("--type, --family: %w", err)
		}
		c.filter, err = filter.Wish{Texts: *texts, Queries: *queries, Subjects: *subjects, Tenants: *tenants}.Join("--")
		return c, err
	}
}

// selectEvents chooses by type and family; without either, dead letters too.
func selectEvents(types, families []string) (*topics.Selection, error) {
	if len(types)+len(families) == 0 {
		families = familyNames()
	}
	return topics.Default().Select(types, families)
}

// warn writes what may be a mistake and stops nothing.
func warn(status io.Writer, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(status, "warning: %s\n", line)
	}
}

func familyNames() (names []string) {
	for _, f := range topics.Default().Families {
		names = append(names, f.Name)
	}
	return names
}

// topics are the names of the topics that can hold what is chosen.
func (c eventChoice) topics(t topics.Config) (names []string) {
	for _, f := range c.types.Families() {
		names = append(names, t.Topic(f.Name))
	}
	return names
}

// has reports whether a record is chosen. Its value is parsed only where the type in its header is wanted and there is a filter.
func (c eventChoice) has(r *kafka.Stored) bool {
	if !c.types.Has([]byte(r.Header("ce_type"))) {
		return false
	}
	return c.filter == nil || filter.MatchJSON(c.filter, r.Value)
}
