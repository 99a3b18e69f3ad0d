package main

import (
	"fmt"
	"strings"

	"qlikbridge/bridge/proof"
)

// row is what one scenario showed. As JSON it passes from a run in another network namespace to the one that prints.
type row struct {
	Name, About, Duplicates string
	proof.Findings
	Torn     bool    // what was set aside is writes that a kill tore
	SetAside float64 // entries of the spool that the bridge says it could not read
	PeakMB   float64 // of one process
	Seconds  float64
	Notes    []string
	Failures []string // none: passed
	Skipped  string   // why the machine cannot show it
}

// end notes how a scenario ended before its end.
func (r *row) end(e *ending) {
	switch {
	case e == nil:
	case e.skip:
		r.Skipped = e.why
	default:
		r.Failures = append(r.Failures, e.why)
	}
}

// fewest is the number of acknowledged events below which a row shows nothing.
const fewest = 500

// judge turns findings into failures. Damage is no loss only as far as the bridge itself has reported it; where a scenario is exact, the
// bridge may write nothing twice of its own accord. kills may each have torn a write of the spool that was under way: its event was not answered, or
// it is missing and lost says so.
func (r *row) judge(mayDamage, exact bool, kills int) {
	if mayDamage && float64(r.Lost) <= r.SetAside {
		r.Damaged, r.Lost, r.Examples = r.Lost, 0, nil
	}
	for _, f := range []struct {
		n    int
		what string
	}{
		{r.Lost, "lost"}, {r.Disordered, "out of order"}, {r.Corrupt, "corrupt"}, {r.Misrouted, "misrouted"},
		{r.Late, "answered too late"}, {r.Wrong, "answered neither 200 nor 503 with Retry-After"},
	} {
		if f.n > 0 {
			r.Failures = append(r.Failures, fmt.Sprintf("%d %s", f.n, f.what))
		}
	}
	if r.Acknowledged < fewest {
		r.Failures = append(r.Failures, fmt.Sprintf("only %d events were acknowledged: shown is nothing", r.Acknowledged))
	}
	if !mayDamage && r.SetAside > float64(kills) {
		r.Failures = append(r.Failures, fmt.Sprintf("%.0f entries of the spool were set aside, and nobody had touched it", r.SetAside))
	}
	r.Torn = !mayDamage && r.SetAside > 0
	if exact && r.Repeated > 0 {
		r.Failures = append(r.Failures, fmt.Sprintf("%d duplicates of events that were posted once, and nothing crashed", r.Repeated))
	}
	r.Failures = append(r.Failures, r.Examples...)
}

func (r *row) verdict() string {
	switch {
	case r.Skipped != "":
		return "SKIP"
	case len(r.Failures) > 0:
		return "FAIL"
	}
	return "pass"
}

// titles and cells are the table, on a terminal and in Markdown.
var titles = []string{"scenario", "sent", "posts", "2xx", "spooled", "lost", "duplicate", "out of order", "corrupt", "misrouted", "set aside",
	"slowest", "peak memory", "verdict"}

func (r *row) cells() []string {
	if r.Skipped != "" {
		return append(append([]string{r.Name}, strings.Split(strings.Repeat("–,", 12), ",")[:12]...), "SKIP")
	}
	n := func(n int) string { return fmt.Sprint(n) }
	return []string{r.Name, n(r.Sent), n(r.Posts), n(r.Acknowledged), n(r.Spooled), n(r.Lost), n(r.Duplicate), n(r.Disordered), n(r.Corrupt),
		n(r.Misrouted), fmt.Sprintf("%.0f", r.SetAside), fmt.Sprintf("%.2f s", r.Slowest.Seconds()), fmt.Sprintf("%.0f MiB", r.PeakMB), r.verdict()}
}

// legend says what the figures cannot.
func (r *row) legend() []string {
	var lines []string
	if r.Skipped != "" {
		return append(lines, "SKIPPED: "+r.Skipped)
	}
	if r.Duplicate > 0 {
		lines = append(lines, fmt.Sprintf("%d duplicates, %d of events that were posted once: %s", r.Duplicate, r.Repeated, r.Duplicates))
	}
	if r.Deleted > 0 {
		lines = append(lines, fmt.Sprintf("deleted: %d acknowledged events went with the topic that was deleted", r.Deleted))
	}
	if r.Damaged > 0 {
		lines = append(lines, fmt.Sprintf("damaged: %d acknowledged events were destroyed on the disk; the bridge reports %.0f set aside", r.Damaged, r.SetAside))
	}
	if r.Torn {
		lines = append(lines, fmt.Sprintf("set aside: %.0f writes to the spool that a kill tore before anybody was answered", r.SetAside))
	}
	if r.Refused+r.Unanswered+r.HungUp > 0 {
		lines = append(lines, fmt.Sprintf("other attempts: %d answered 503, %d without an answer, %d hung up by the sender", r.Refused, r.Unanswered, r.HungUp))
	}
	lines = append(lines, r.Notes...)
	for _, f := range r.Failures {
		lines = append(lines, "FAIL: "+f)
	}
	return lines
}
