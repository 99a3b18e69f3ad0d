package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// selection is which events tail prints.
type selection struct {
	patterns []string // exact types, or with * at the end; none: all
	families []string
	since    time.Time // zero: from now
	count    int       // how many to print; 0: no end
	output   string
}

func tailCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Print events as they arrive on the topics",
		Example: `  qlik-bridge tail
  qlik-bridge tail --type 'com.qlik.app.*' --since 1h
  qlik-bridge tail --family users --output json | jq .event.data`,
		Args: cobra.NoArgs,
	}
	load, output := settings(cmd, "kafka.", "topics."), outputFlag(cmd)
	types := cmd.Flags().StringSlice("type", nil, "types to print, exact or ending in * (repeatable); older names are found by today's too")
	families := cmd.Flags().StringSlice("family", nil, "families to print (repeatable)")
	since := cmd.Flags().String("since", "", "begin in the past: a duration (90m) or a time (2026-11-23T12:00:00Z)")
	count := cmd.Flags().Int("count", 0, "stop after so many events; 0: go on until interrupted")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		from, err := parseMoment("--since", *since, time.Now())
		if err != nil {
			return badConfig(err)
		}
		if *count < 0 {
			return badConfig(fmt.Errorf("--count %d: 0 or more", *count))
		}
		c, err := load()
		if err != nil {
			return err
		}
		return tail(cmd.Context(), c, selection{*types, *families, from, *count, *output}, cmd.OutOrStdout())
	})
	return cmd
}

// parseMoment reads a flag that is a duration before now or a time; "" is the zero time.
func parseMoment(flag, s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return at, fmt.Errorf("%s %q: a duration such as 90m, or a time such as 2026-11-23T12:00:00Z", flag, s)
	}
	return at, nil
}

// tail prints until ctx ends, which is no error, or the count is reached.
func tail(ctx context.Context, c app.Config, s selection, out io.Writer) error {
	chosen, err := s.chosen()
	if err != nil {
		return badConfig(fmt.Errorf("--type, --family: %w", err))
	}
	var names []string
	for _, f := range chosen.Families() {
		names = append(names, c.Topics.Topic(f.Name))
	}
	if err := reachTopics(ctx, c, names); err != nil {
		return err
	}
	reader, err := kafka.NewReader(c.Kafka, names, s.since, quietLogger())
	if err != nil {
		return badConfig(err)
	}
	defer reader.Close()
	for printed := 0; ; {
		records, err := reader.Next(ctx)
		switch {
		case errors.Is(err, context.Canceled):
			return nil
		case err != nil:
			return fmt.Errorf("reading from kafka %v: %w", c.Kafka.Brokers, err)
		}
		for _, r := range records {
			if !chosen.Has([]byte(r.Header("ce_type"))) {
				continue
			}
			if err := s.print(out, r); err != nil {
				return err
			}
			if printed++; printed == s.count {
				return nil
			}
		}
	}
}

// reachTopics fails where Kafka does not answer, and says so where topics are not there yet: both would look like silence.
func reachTopics(ctx context.Context, c app.Config, names []string) error {
	client, err := kafka.New(c.Kafka, nil, quietLogger())
	if err != nil {
		return badConfig(err)
	}
	defer client.Close()
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

// chosen is what the flags choose; without any, dead letters are printed too.
func (s selection) chosen() (*topics.Selection, error) {
	families := s.families
	if len(s.patterns)+len(families) == 0 {
		families = familyNames()
	}
	return topics.Default().Select(s.patterns, families)
}

func familyNames() (names []string) {
	for _, f := range topics.Default().Families {
		names = append(names, f.Name)
	}
	return names
}

func (s selection) print(out io.Writer, r kafka.Stored) error {
	if s.output == outputJSON {
		return printJSON(out, r)
	}
	if reason := r.Header("reason"); reason != "" {
		_, err := fmt.Fprintf(out, "%s  %s/%d@%d  dead letter: %s: %s\n", r.Header("received"), r.Topic, r.Partition, r.Offset, plain(reason), plain(r.Header("error")))
		return err
	}
	if note, ok := bridge.ReadRequeued(&r.Record); ok && len(r.Value) == 0 {
		_, err := fmt.Fprintf(out, "%s  %s/%d@%d  requeued: %s to %s\n", note.At.UTC().Format(time.RFC3339), r.Topic, r.Partition, r.Offset, note.From, note.To)
		return err
	}
	_, err := fmt.Fprintf(out, "%s  %s/%d@%d  %s  %s\n", r.Header("ce_time"), r.Topic, r.Partition, r.Offset, r.Header("ce_type"), r.Header("ce_id"))
	return err
}

// printJSON writes one record as one line; a value that is no JSON (a dead letter) as a string.
func printJSON(out io.Writer, r kafka.Stored) error {
	line := struct {
		Topic     string            `json:"topic"`
		Partition int32             `json:"partition"`
		Offset    int64             `json:"offset"`
		Key       string            `json:"key"`
		Headers   map[string]string `json:"headers"`
		Event     json.RawMessage   `json:"event,omitempty"`
		Body      string            `json:"body,omitempty"`
	}{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: string(r.Key), Headers: headers(r.Headers)}
	if json.Valid(r.Value) && r.Header("reason") == "" {
		line.Event = r.Value
	} else {
		line.Body = string(r.Value)
	}
	return json.NewEncoder(out).Encode(line)
}

func headers(list []bridge.Header) map[string]string {
	m := make(map[string]string, len(list))
	for _, h := range list {
		m[h.Key] = string(h.Value)
	}
	return m
}
