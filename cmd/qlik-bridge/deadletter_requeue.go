package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// requeue is one run of the command.
type requeue struct {
	*deadLetters
	again   bool
	execute bool
	report  *requeueReport
}

func requeueCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "requeue [PARTITION/OFFSET ...]",
		Short: "Publish dead letters as events after a fix; a dry run unless --execute",
		Long: `requeue takes dead letters the way of a delivery again and says what becomes of each. With --execute it publishes the events to the topics of
their families. They keep id and recordedtime, and say that they were requeued: requeuedtime in the event, and the headers requeued and
requeued-from. What still cannot be read stays where it is. Kafka deletes no record, so a note in the dead-letter topic remembers what was
requeued; list and requeue pass over it from then on. What a group set aside is an event already, and no delivery: redrive --copy-to puts it back.`,
		Example: `  qlik-bridge dead-letter requeue --reason record_too_large
  qlik-bridge dead-letter requeue --reason record_too_large --execute
  qlik-bridge dead-letter requeue 0/17 0/18 --execute`,
	}
	load, output, filtered := settings(cmd, "kafka.", "topics."), outputFlag(cmd), filterFlags(cmd)
	all := cmd.Flags().Bool("all", false, "every dead letter, instead of a filter")
	execute := cmd.Flags().Bool("execute", false, "do it")
	again := cmd.Flags().Bool("again", false, "those too that were requeued before")
	timeout := cmd.Flags().Duration("timeout", 10*time.Second, "how long one dead letter waits for Kafka")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		f, err := filtered("", args)
		switch {
		case err != nil:
			return err
		case *all != f.empty():
			return badConfig(errors.New("which? --all, or at least one of --reason, --type, --source, --id, --since, --until, PARTITION/OFFSET"))
		case *timeout <= 0:
			return badConfig(fmt.Errorf("--timeout %s: more than 0", *timeout))
		}
		d, err := openDeadLetters(cmd.Context(), load, "", cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer d.client.Close()
		d.requeuer.AckTimeout = *timeout
		report := newRequeueReport(cmd.OutOrStdout(), cmd.ErrOrStderr(), *output, *execute)
		return (&requeue{d, *again, *execute, report}).run(cmd.Context(), f)
	})
	return cmd
}

func (q *requeue) run(ctx context.Context, f *letterFilter) error {
	if err := q.look(ctx); err != nil {
		return err
	}
	found, err := q.find(ctx, f)
	if err != nil {
		return err
	}
	if err := present(found, f.positions); err != nil {
		return err
	}
	var ready []letter
	for _, l := range q.skip(found) {
		if l.now == nil || q.execute && l.now.Reason == bridge.RecordTooLarge { // Kafka has the last word on a size
			ready = append(ready, l)
		} else if err := q.report.stays(l, l.now); err != nil {
			return err
		}
	}
	if q.execute {
		return q.publish(ctx, ready)
	}
	for _, l := range ready {
		if err := q.report.would(l); err != nil {
			return err
		}
	}
	q.report.close()
	return nil
}

// present says which of the positions asked for have no dead letter.
func present(found []letter, positions []bridge.Position) error {
	for _, at := range positions {
		if !slices.ContainsFunc(found, func(l letter) bool { return l.At.Position == at }) {
			return fmt.Errorf("no dead letter at %s that the filters let pass; nothing was requeued", at)
		}
	}
	return nil
}

// skip leaves out what was requeued before.
func (q *requeue) skip(found []letter) []letter {
	if q.again {
		return found
	}
	all := len(found)
	found = slices.DeleteFunc(found, func(l letter) bool { return l.requeued != nil })
	q.report.before = all - len(found)
	return found
}

// look asks what topics there are and what they take.
func (q *requeue) look(ctx context.Context) error {
	var names []string
	for _, f := range topics.Default().Families {
		names = append(names, q.config.Topics.Topic(f.Name))
	}
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	state, err := q.client.State(ctx, names)
	if err != nil {
		return fmt.Errorf("kafka %v: %w", q.config.Kafka.Brokers, err)
	}
	q.known = &state
	return nil
}

// publish requeues one dead letter after the other, and stops at the first that Kafka does not acknowledge.
func (q *requeue) publish(ctx context.Context, ready []letter) error {
	bar := newProgress(q.status, "requeueing", int64(len(ready)))
	defer context.AfterFunc(ctx, func() { fmt.Fprintln(q.status, "interrupted; the dead letter in hand is finished first") })()
	seen := 0
	err := q.each(ctx, ready, func(l letter, r kafka.Stored) error {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		read, _ := bridge.ReadDeadLetter(&r.Record, r.Position)
		receipt := q.requeuer.Requeue(ctx, read)
		bar.Add(1)
		switch receipt.Outcome {
		case bridge.Published:
			seen++
			return q.report.done(l, receipt)
		case bridge.DeadLettered:
			seen++
			return q.report.stays(l, receipt.Why)
		}
		return stopped(l, receipt)
	})
	bar.Done()
	if err == nil {
		q.report.gone = len(ready) - seen
	}
	q.report.close()
	if err != nil {
		return fmt.Errorf("stopped: %d of %d requeued, %d remain; run it again to go on: %w", q.report.requeued, len(ready), len(ready)-seen, err)
	}
	return nil
}

// stopped says what Kafka did not acknowledge.
func stopped(l letter, receipt bridge.Receipt) error {
	if receipt.Topic == l.At.Topic {
		return fmt.Errorf("%s: the event is in %s, but the note of that was not acknowledged, so that it will be requeued again, with the same id: %w", l.At.Position, l.topic, receipt.Why)
	}
	return fmt.Errorf("%s to %s: %w", l.At.Position, receipt.Topic, receipt.Why)
}
