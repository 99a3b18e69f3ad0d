package main

import (
	"fmt"
	"strconv"
	"strings"

	"qlikbridge/bridge/redrive"
	"qlikbridge/topics"
)

// show writes what would be copied from where.
func (c *copying) show() error {
	if c.output == outputJSON {
		whole := c.wholePlan(c.plan, "")
		for i, m := range c.plan.Moves {
			whole.Partitions[i].Events = m.Counted.Events // of those that match
		}
		return printPlainJSON(c.out, whole)
	}
	var rows [][]string
	for _, m := range c.plan.Moves {
		if m.Span().Len() == 0 {
			continue // of a whole catalogue most are empty
		}
		rows = append(rows, append([]string{m.Topic, strconv.Itoa(int(m.Number)), offsetText(m.Target), offsetText(m.End), copiesText(m)}, tallyCells(m.Counted)...))
	}
	if err := table(c.out, []string{"TOPIC", "PARTITION", "FROM", "END", "EVENTS", "FIRST", "LAST", "TYPES"}, rows); err != nil {
		return err
	}
	for _, line := range c.lines() {
		fmt.Fprintln(c.status, line)
	}
	return nil
}

// copiesText is how many events of a partition match, or how many there were found among those that were read.
func copiesText(m redrive.Move) string {
	if !m.Whole {
		return fmt.Sprintf("≥%d", m.Counted.Events)
	}
	return strconv.FormatInt(m.Counted.Events, 10)
}

// found is how many events match in all, as far as they were read.
func (c *copying) found() (events redrive.Tally, whole bool) {
	whole = true
	for _, m := range c.plan.Moves {
		events.Join(m.Counted)
		whole = whole && m.Whole
	}
	return events, whole
}

// offsets is how many events there are at most to choose from.
func (c *copying) offsets() (n int64) {
	for _, m := range c.plan.Moves {
		n += m.Span().Len()
	}
	return n
}

func (c *copying) lines() []string {
	events, whole := c.found()
	line := count(int(events.Events), "event")
	if !whole {
		line = "at least " + line
	}
	line += " " + c.modal() + " be copied to " + c.copyTo
	if events.Events > 0 {
		line += ": " + typesText(events, 2*shownTypes)
	}
	lines := []string{line}
	if c.before > 0 && !c.again {
		lines = append(lines, fmt.Sprintf("%s %s a copy there already (--again copies %s too)", count(int(c.before), "event"), verb(c.before == 1, "has", "have"), verb(c.before == 1, "it", "them")))
	}
	if !whole {
		lines = append(lines, fmt.Sprintf("%d of up to %d were looked at (--read)", c.read, c.offsets()))
	}
	if spec := c.side.spec; spec != nil {
		lines = append(lines, fmt.Sprintf("topic %s %s be made: %s × %d, retention %s", c.copyTo, c.modal(), count(int(spec.Partitions), "partition"), spec.Replication, topics.RetentionText(spec.Config["retention.ms"])))
	}
	if strings.HasPrefix(c.copyTo, c.config.Topics.Prefix) {
		lines = append(lines, fmt.Sprintf("consumers that subscribe to every topic that begins with %s will be given the copies too", c.config.Topics.Prefix))
	}
	if !c.execute {
		lines = append(lines, "dry run: --execute does it")
	}
	return lines
}

// report says what was copied.
func (c *copying) report(copied int64, refused []redrive.Refused, err error) error {
	for _, r := range refused {
		fmt.Fprintf(c.status, "%s  not copied  %s\n", r.From, plain(r.Why.Error()))
	}
	if c.output == outputJSON {
		if err := printPlainJSON(c.out, wholeCopy{c.copyTo, copied, len(refused), err == nil}); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.status, "%s copied to %s\n", count(int(copied), "event"), c.copyTo)
	switch {
	case err != nil:
		return fmt.Errorf("stopped after %s; %s: %w", count(int(copied), "event"), c.goOn(), err)
	case len(refused) > 0:
		return fmt.Errorf("%s of those that match cannot be copied: topic %s takes less", count(len(refused), "event"), c.copyTo)
	}
	return nil
}

// wholeCopy is what came of a copy, as JSON.
type wholeCopy struct {
	CopyTo string `json:"copy_to"`
	Copied int64  `json:"copied"`
	Refuse int    `json:"refused"`
	Done   bool   `json:"done"`
}
