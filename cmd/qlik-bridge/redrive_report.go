package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"qlikbridge/bridge/redrive"
)

// shownTypes is how many types stand in a cell; JSON has them all.
const shownTypes = 3

// show writes a plan: a row for each partition, and what it comes to.
func (r *redriving) show(plan redrive.Plan, undoFile string) error {
	if r.output == outputJSON {
		return printPlainJSON(r.out, r.wholePlan(plan, undoFile))
	}
	var rows [][]string
	for _, m := range plan.Moves {
		row := []string{m.Topic, strconv.Itoa(int(m.Number)), offsetText(m.Current), offsetText(m.Target), effectText(m)}
		rows = append(rows, append(row, tallyCells(m.Counted)...))
	}
	if err := table(r.out, []string{"TOPIC", "PARTITION", "CURRENT", "TARGET", "EVENTS", "FIRST", "LAST", "TYPES"}, rows); err != nil {
		return err
	}
	for _, line := range r.summary(plan) {
		fmt.Fprintln(r.status, line)
	}
	return nil
}

func offsetText(offset int64) string {
	if offset == redrive.None {
		return "-"
	}
	return strconv.FormatInt(offset, 10)
}

// effectText says how many events, and what becomes of them.
func effectText(m redrive.Move) string {
	switch m.Effect() {
	case redrive.Same:
		return "-"
	case redrive.Removed:
		return "offset removed"
	}
	text := fmt.Sprintf("%s %s", eventsText(m, m.Events()), m.Effect())
	if n := m.Opposed(); n > 0 {
		text += fmt.Sprintf(", %s %s", eventsText(m, n), m.Effect().Opposite())
	}
	return text
}

// eventsText is a number of events of a move, or what it can be at most.
func eventsText(m redrive.Move, events int64) string {
	if !m.Whole {
		return fmt.Sprintf("≤%d", events)
	}
	return strconv.FormatInt(events, 10)
}

// tallyCells are the times of the first and the last event, and the types.
func tallyCells(t redrive.Tally) []string {
	if t.Events == 0 {
		return []string{"-", "-", "-"}
	}
	return []string{stamp(t.First), stamp(t.Last), typesText(t, shownTypes)}
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// typesText names the most frequent types, with counts.
func typesText(t redrive.Tally, most int) string {
	var parts []string
	types := t.Frequent()
	for _, typ := range types[:min(most, len(types))] {
		parts = append(parts, fmt.Sprintf("%s %d", cmp.Or(short(plain(typ), 64), "without a type"), t.Types[typ]))
	}
	if n := len(types) - most; n > 0 {
		parts = append(parts, fmt.Sprintf("and %s", count(n, "more type")))
	}
	return strings.Join(parts, ", ")
}

// effectPhrases say what becomes of events.
var effectPhrases = []struct {
	effect redrive.Effect
	phrase string
}{
	{redrive.Again, "handled again"},
	{redrive.Skipped, "passed over"},
	{redrive.Ahead, "handled where the group has no offset yet"},
}

// summary is what a plan comes to.
func (r *redriving) summary(plan redrive.Plan) []string {
	changes := plan.Changes()
	if len(changes) == 0 {
		return []string{fmt.Sprintf("group %s stands there already", plain(r.group))}
	}
	var lines []string
	for _, p := range effectPhrases {
		events, counted := plan.Sum(p.effect)
		if n := effected(plan, p.effect); n > 0 {
			line := fmt.Sprintf("%s in %s %s be %s", count(int(events), "event"), count(n, "partition"), r.modal(), p.phrase)
			if counted.Events > 0 {
				line += ": " + typesText(counted, 2*shownTypes)
			}
			lines = append(lines, line)
		}
	}
	lines = append(lines, r.remarks(plan)...)
	if !r.execute && !r.state.Live() {
		lines = append(lines, "dry run: --execute does it")
	}
	return lines
}

// modal is would for a dry run.
func (r *redriving) modal() string { return verb(r.execute, "will", "would") }

// effected counts the partitions in which a move, or some of its events, have an effect.
func effected(plan redrive.Plan, e redrive.Effect) int {
	n := 0
	for _, m := range plan.Moves {
		if events, _ := m.Sum(e); m.Effect() == e || events > 0 {
			n++
		}
	}
	return n
}

// remarks are what may surprise.
func (r *redriving) remarks(plan redrive.Plan) []string {
	var lines []string
	if slices.ContainsFunc(plan.Moves, func(m redrive.Move) bool { return !m.Whole }) {
		lines = append(lines, fmt.Sprintf("not all of them were read (--read %d): their numbers are those of offsets, times and types are of the first and the last of a partition", r.read))
	}
	if n := dropping(plan); n > 0 {
		lines = append(lines, fmt.Sprintf("in %s the group had done events beyond its offset, and noted that beside it: a reset drops the note, and the undo file keeps it", count(n, "partition")))
	}
	if n := r.between(plan); n > 0 {
		lines = append(lines, fmt.Sprintf("in %s the group stands between where it was reset to and where it was: it has handled some of its events again, or it was reset once more; then undo that one first", count(n, "partition")))
	}
	if before := behind(plan); before > 0 {
		lines = append(lines, fmt.Sprintf("%s of up to %s before the target will not be handled: the group has no offset there", count(effected(plan, redrive.Ahead), "partition"), count(int(before), "event")))
	}
	if n := effected(plan, redrive.Removed); n > 0 {
		lines = append(lines, fmt.Sprintf("%s had no offset before and will have none: there the group begins where its consumers' own settings say", count(n, "partition")))
	}
	if _, counted := plan.Sum(redrive.Again); r.selection != nil && r.otherTypes(counted) {
		lines = append(lines, "--type and --family choose topics: the group is given every event in them again; --copy-to copies the chosen alone")
	}
	return lines
}

// dropping counts the partitions in which the group does not know any more what it has done beyond its offset.
func dropping(plan redrive.Plan) (n int) {
	for _, m := range plan.Moves {
		if m.Drops() {
			n++
		}
	}
	return n
}

// between counts the partitions in which, of an undo, progress and a later reset look the same.
func (r *redriving) between(plan redrive.Plan) (n int) {
	for _, m := range plan.Moves {
		if reset, ok := r.givenBack[m.Partition]; ok && reset.Between(m.Current) {
			n++
		}
	}
	return n
}

// behind is how many events lie before the target in partitions that the group has no offset in.
func behind(plan redrive.Plan) (n int64) {
	for _, m := range plan.Moves {
		if m.Effect() == redrive.Ahead {
			n += m.Target - m.Start
		}
	}
	return n
}

func (r *redriving) otherTypes(t redrive.Tally) bool {
	return slices.ContainsFunc(t.Frequent(), func(typ string) bool { return !r.selection.Has([]byte(typ)) })
}

// refuseOutside says what remains of the partitions that do not hold the target.
func (r *redriving) refuseOutside(outside []redrive.Outside, what string) error {
	if r.output == outputJSON {
		if err := printPlainJSON(r.out, r.wholeOutside(outside)); err != nil {
			return err
		}
	} else if err := table(r.out, []string{"TOPIC", "PARTITION", "ASKED FOR", "HAS", "FIRST", "WHY NOT"}, outsideRows(outside)); err != nil {
		return err
	}
	text := fmt.Sprintf("refused: %s %s %s; nothing was changed", count(len(outside), "partition"), verb(len(outside) == 1, "does not hold", "do not hold"), what)
	if slices.ContainsFunc(outside, func(o redrive.Outside) bool { return o.Nearest != redrive.None }) {
		text += "; --clamp takes the nearest that they have"
	}
	return errors.New(text)
}

func outsideRows(outside []redrive.Outside) (rows [][]string) {
	for _, o := range outside {
		has, first := "nothing", "-"
		if o.Start < o.End {
			has = fmt.Sprintf("%d to %d", o.Start, o.End-1)
		}
		if !o.First.IsZero() {
			first = stamp(o.First)
		}
		rows = append(rows, []string{o.Topic, strconv.Itoa(int(o.Number)), o.Asked, has, first, o.Reason})
	}
	return rows
}

// verb is the form of a verb that fits.
func verb(first bool, one, other string) string {
	if first {
		return one
	}
	return other
}
