package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/filter"
	"qlikbridge/bridge/kafka"
)

func tailCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Print events as they arrive on the topics",
		Long: `tail prints the events of the topics: those to come, or with --since and --from-event those that are there first. It is no member of a consumer
group and leaves no trace on the cluster. Flags that choose events all have to agree; of several values of one flag, one has to.`,
		Example: `  qlik-bridge tail
  qlik-bridge tail --type 'com.qlik.app.*' --since 1h
  qlik-bridge tail --tenant kW3mQx81 --filter '{not: {suffix: {type: .deleted}}}'
  qlik-bridge tail --sql "type LIKE '%.created' AND EXISTS subject" --count 10
  qlik-bridge tail --from-event 5f0d9f3e-6a0c-4a55-9a2f-4c6a4c2c1a10
  qlik-bridge tail --family users --output json | jq .event.data`,
		Args: cobra.NoArgs,
	}
	load, output, chosen := settings(cmd, "kafka.", "topics."), outputFlag(cmd), choiceFlags(cmd)
	since := cmd.Flags().String("since", "", "begin in the past: a duration (90m) or a time (2026-11-23T12:00:00Z)")
	fromEvent := cmd.Flags().String("from-event", "", "begin with the event of this id; --since says from when on it is looked for")
	count := cmd.Flags().Int("count", 0, "stop after so many events; 0: go on until interrupted")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		from, err := parseMoment("--since", *since, time.Now())
		if err != nil {
			return badConfig(err)
		}
		if *count < 0 {
			return badConfig(fmt.Errorf("--count %d: 0 or more", *count))
		}
		wanted, err := chosen()
		if err != nil {
			return badConfig(err)
		}
		c, err := load()
		if err != nil {
			return err
		}
		warn(cmd.ErrOrStderr(), wanted.types.Warnings(c.Topics))
		t := tailing{choice: wanted, since: from, fromEvent: *fromEvent, count: *count, output: *output}
		return t.run(cmd.Context(), c, cmd.OutOrStdout(), cmd.ErrOrStderr())
	})
	return cmd
}

// tailing is what one tail prints.
type tailing struct {
	choice    eventChoice
	since     time.Time // zero: from now
	fromEvent string    // id; "": none
	count     int       // how many to print; 0: no end
	output    string
	printed   int // until now
}

// run prints until ctx ends, which is no error, or the count is reached.
func (t *tailing) run(ctx context.Context, c app.Config, out, status io.Writer) error {
	client, err := kafka.New(c.Kafka, nil, quietLogger())
	if err != nil {
		return badConfig(err)
	}
	defer client.Close()
	names := t.choice.topics(c.Topics)
	if err := reachTopics(ctx, client, c, names); err != nil {
		return err
	}
	defer t.sayFailures(status)
	reader, err := t.begin(ctx, client, c, names, recordPrinter(out, t.output), status)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, errEnough):
		return nil
	case err != nil:
		return err
	}
	defer reader.Close()
	return t.follow(ctx, c, reader, recordPrinter(out, t.output))
}

// begin makes the reader, once the event that it begins with is found and printed.
func (t *tailing) begin(ctx context.Context, client *kafka.Client, c app.Config, names []string, show printer, status io.Writer) (*kafka.Reader, error) {
	if t.fromEvent == "" {
		asking, cancel := context.WithTimeout(ctx, clusterTimeout)
		defer cancel()
		at, err := client.OffsetsFrom(asking, names, t.since)
		if err != nil {
			return nil, err
		}
		return kafka.NewReader(c.Kafka, names, at, quietLogger())
	}
	s := search{client: client, config: c, id: t.fromEvent, since: t.since, status: status}
	found, at, err := s.run(ctx, names)
	if err != nil {
		return nil, err
	}
	if slices.Contains(names, found.Topic) {
		if err := t.print(found, show); err != nil {
			return nil, err
		}
	}
	return kafka.NewReader(c.Kafka, names, at, quietLogger())
}

// errEnough says that as many as were asked for are printed.
var errEnough = errors.New("enough")

func (t *tailing) print(r kafka.Stored, show printer) error {
	if !t.choice.has(&r) {
		return nil
	}
	if err := show(r); err != nil {
		return err
	}
	if t.printed++; t.printed == t.count {
		return errEnough
	}
	return nil
}

func (t *tailing) follow(ctx context.Context, c app.Config, reader *kafka.Reader, show printer) error {
	for {
		records, err := reader.Next(ctx)
		switch {
		case errors.Is(err, context.Canceled):
			return nil
		case err != nil:
			return fmt.Errorf("reading from kafka %v: %w", c.Kafka.Brokers, err)
		}
		for _, r := range records {
			if err := t.print(r, show); errors.Is(err, errEnough) {
				return nil
			} else if err != nil {
				return err
			}
		}
	}
}

// sayFailures says why CESQL may have printed less than was hoped for.
func (t *tailing) sayFailures(status io.Writer) {
	if n := filter.Failures(t.choice.filter); n > 0 {
		fmt.Fprintf(status, "CESQL failed %d times, each no match: an attribute that the event does not have (EXISTS name AND …), or a text that is no number\n", n)
	}
}

// reachTopics fails where Kafka does not answer, and says so where topics are not there yet: both would look like silence.
func reachTopics(ctx context.Context, client *kafka.Client, c app.Config, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*c.Kafka.DialTimeout)
	defer cancel()
	state, err := client.State(ctx, names)
	if err != nil {
		return fmt.Errorf("kafka %v: %w", c.Kafka.Brokers, err)
	}
	if missing := len(names) - len(state.Topics); missing > 0 {
		fmt.Fprintf(os.Stderr, "waiting for %d of %d topics that do not exist yet; `qlik-bridge topics apply`, or serve, creates them\n", missing, len(names))
	}
	return nil
}
