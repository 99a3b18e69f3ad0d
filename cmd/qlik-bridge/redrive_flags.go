package main

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// targetFlags name targets; one of them is wanted.
var targetFlags = []string{"to-datetime", "by-duration", "to-event", "to-earliest", "to-latest", "to-offset", "shift-by"}

// Flags that make sense with something else alone.
var (
	scopeFlags = []string{"group", "topic", "type", "family"}                         // not with --undo
	eventFlags = []string{"since", "only-partition"}                                  // with --to-event
	resetFlags = []string{"undo-file"}                                                // not with --copy-to
	undoFlags  = []string{"force"}                                                    // with --undo
	copyFlags  = []string{"subject", "tenant", "source", "until", "again", "timeout"} // with --copy-to
)

// redriveWords are the flags as they were written.
type redriveWords struct {
	redriveRequest
	flags                   *pflag.FlagSet
	topics, types, families []string
	datetime, duration      string
	offset, shift           int64
	from, to                string // --since, --until
}

func redriveFlags(cmd *cobra.Command) *redriveWords {
	w := &redriveWords{flags: pflag.NewFlagSet("redrive", pflag.ContinueOnError)} // apart from settings, which may be empty
	w.declareChoice()
	w.declareTargets()
	w.declareReset()
	w.declareCopy()
	fill(w.flags)
	cmd.Flags().AddFlagSet(w.flags)
	return w
}

func (w *redriveWords) declareChoice() {
	w.flags.StringVar(&w.group, "group", "", "consumer group")
	w.flags.StringArrayVar(&w.topics, "topic", nil, "topic, or some of its partitions: qlik.apps:0,1 (repeatable); without it, whatever the group has offsets in")
	w.flags.StringSliceVar(&w.types, "type", nil, "topics that can hold these types, exact or ending in *, of those that the group has offsets in (repeatable)")
	w.flags.StringSliceVar(&w.families, "family", nil, "topics of these families, of those that the group has offsets in (repeatable)")
}

func (w *redriveWords) declareTargets() {
	w.flags.StringVar(&w.datetime, "to-datetime", "", "to the first event that is not older: 2026-11-23T12:00:00.000 is UTC, 2026-11-23T12:00:00+01:00 names its zone")
	w.flags.StringVar(&w.duration, "by-duration", "", "to the first event of the last so long: PT1H30M, P2D or 90m")
	w.flags.StringVar(&w.event, "to-event", "", "to the event with this id, and in other partitions to the first that is not older")
	w.flags.Bool("to-earliest", false, "to the oldest event that there is")
	w.flags.Bool("to-latest", false, "to the end: what waits now is passed over")
	w.flags.Int64Var(&w.offset, "to-offset", 0, "to this offset, in every partition")
	w.flags.Int64Var(&w.shift, "shift-by", 0, "so many offsets ahead, or back: -100")
	w.flags.StringVar(&w.from, "since", "", "for --to-event: look for it from then on, a duration ago (90m) or a time (2026-11-23T12:00:00Z)")
	w.flags.BoolVar(&w.only, "only-partition", false, "for --to-event: the partition of the event alone")
	w.flags.BoolVar(&w.clamp, "clamp", false, "where a partition does not hold what is asked for, take the nearest that it has, as Kafka's tool does")
}

func (w *redriveWords) declareReset() {
	w.flags.BoolVar(&w.execute, "execute", false, "do it")
	w.flags.Int64Var(&w.read, "read", 1_000_000, "read so many records at most to count events and types; 0: none")
	w.flags.StringVar(&w.saveUndo, "undo-file", "", "where to write what takes it back (default redrive-GROUP-TIME.json, here)")
	w.flags.StringVar(&w.undo, "undo", "", "take back the redrive that wrote this file")
	w.flags.BoolVar(&w.force, "force", false, "for --undo: also where the group has moved since, and without the topics that do not exist any more")
}

func (w *redriveWords) declareCopy() {
	w.flags.StringVar(&w.copyTo, "copy-to", "", "leave the group as it is, and publish the events from the target on once more, to this topic")
	w.flags.StringSliceVar(&w.choice.Subjects, "subject", nil, "for --copy-to: events with this subject (repeatable)")
	w.flags.StringSliceVar(&w.choice.Tenants, "tenant", nil, "for --copy-to: events of the tenant with this id (repeatable)")
	w.flags.StringSliceVar(&w.choice.Sources, "source", nil, "for --copy-to: events of this CloudEvents source (repeatable)")
	w.flags.StringVar(&w.to, "until", "", "for --copy-to: events before, a duration ago (90m) or a time (2026-11-23T12:00:00Z); without it, up to now")
	w.flags.BoolVar(&w.again, "again", false, "for --copy-to: also events of which the topic has a copy")
	w.flags.DurationVar(&w.timeout, "timeout", 30*time.Second, "for --copy-to: how long to wait for Kafka to acknowledge a copy")
}
