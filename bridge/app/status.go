package app

import (
	"cmp"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"qlikbridge/bridge"
)

// view is what the status page shows.
type view struct {
	Version string
	Up      time.Duration
	Ready   bool
	Why     []string
	Brokers []string
	Prefix  string
	Events  bool // can be followed
	Sources []sourceView
	Counts  []countView
}

type sourceView struct {
	Name    string
	Secrets int
}

// countView is one row of what was ingested since the start.
type countView struct {
	Source, Family, Outcome string
	Count                   float64
}

func (a *App) view() (view, error) {
	v := view{Version: bridge.Version(), Up: time.Since(a.started).Round(time.Second), Brokers: a.config.Kafka.Brokers, Prefix: a.config.Topics.Prefix, Events: a.config.Events.Enabled}
	v.Ready, v.Why = a.Ready()
	for _, s := range a.sources {
		v.Sources = append(v.Sources, sourceView{s.Name, s.Keyring.Len()})
	}
	gathered, err := a.reg.Gather()
	if err != nil {
		return v, err
	}
	v.Counts = counts(gathered)
	return v, nil
}

// counts reads the rows from the metrics, so that page and metrics cannot differ; the largest first.
func counts(gathered []*dto.MetricFamily) []countView {
	var rows []countView
	for _, family := range gathered {
		if family.GetName() != bridge.IngestedMetric {
			continue
		}
		for _, m := range family.GetMetric() {
			row := countView{Count: m.GetCounter().GetValue()}
			for _, l := range m.GetLabel() {
				row.label(l.GetName(), l.GetValue())
			}
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b countView) int { return cmp.Compare(b.Count, a.Count) })
	return rows
}

func (c *countView) label(name, value string) {
	switch name {
	case "source":
		c.Source = value
	case "family":
		c.Family = value
	case "outcome":
		c.Outcome = value
	}
}
