package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// clusterTimeout bounds what a command asks of a cluster.
const clusterTimeout = time.Minute

func topicsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Compare the catalogue's topics with the cluster, and create or adjust them"}
	cmd.AddCommand(
		planCommand("plan", "Show what apply would do, and what it refuses", false),
		planCommand("apply", "Show the plan and carry it out; nothing is ever deleted or made smaller", true),
		topicsListCommand())
	return cmd
}

func planCommand(use, short string, apply bool) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	load, output := settings(cmd, "kafka.", "topics."), outputFlag(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		ctx, cancel := context.WithTimeout(cmd.Context(), clusterTimeout)
		defer cancel()
		c, client, err := connect(load)
		if err != nil {
			return err
		}
		defer client.Close()
		plan, err := app.Plan(ctx, c, client)
		if err != nil {
			return fmt.Errorf("kafka %v: %w", c.Kafka.Brokers, err)
		}
		if err := printPlan(cmd.OutOrStdout(), plan, *output); err != nil {
			return err
		}
		if apply {
			if err := carryOut(ctx, client, plan, cmd.ErrOrStderr()); err != nil {
				return err
			}
		}
		if n := len(plan.Refusals); n > 0 {
			return fmt.Errorf("%d topics refused: the guarantee would not hold on them", n)
		}
		return nil
	})
	return cmd
}

// carryOut applies a plan and says what was done, also where something failed.
func carryOut(ctx context.Context, client *kafka.Client, plan topics.Plan, status io.Writer) error {
	bar, done := newProgress(status, "applying", int64(len(plan.Changes))), 0
	err := client.Apply(ctx, plan, func(topics.Change) { bar.Add(1); done++ })
	bar.Done()
	fmt.Fprintf(status, "%d of %d changes done\n", done, len(plan.Changes))
	return err
}

// connect makes a client for a command.
func connect(load func() (app.Config, error)) (app.Config, *kafka.Client, error) {
	c, err := load()
	if err != nil {
		return c, nil, err
	}
	client, err := kafka.New(c.Kafka, nil, quietLogger())
	if err != nil {
		return c, nil, badConfig(err) // a file that it names
	}
	return c, client, nil
}

func printPlan(w io.Writer, plan topics.Plan, output string) error {
	if output == outputJSON {
		plan.Changes, plan.Refusals = append([]topics.Change{}, plan.Changes...), append([]topics.Refusal{}, plan.Refusals...) // [] rather than null
		plan.Kept = append([]topics.Keep{}, plan.Kept...)
		return json.NewEncoder(w).Encode(plan)
	}
	var rows [][]string
	for _, c := range plan.Changes {
		rows = append(rows, []string{string(c.Action), c.Topic, c.Key, c.From, c.To})
	}
	for _, k := range plan.Kept {
		rows = append(rows, []string{"keep", k.Topic, k.Key, k.Have, "wanted " + k.Want + "; nothing is made smaller or moved"})
	}
	for _, r := range plan.Refusals {
		rows = append(rows, []string{"refuse", r.Topic, "", "", r.Reason})
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "every topic is as the catalogue wants it")
		return err
	}
	return table(w, []string{"ACTION", "TOPIC", "SETTING", "FROM", "TO"}, rows)
}

func topicsListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the families, their topics, and what the cluster has of them", Args: cobra.NoArgs}
	load, output := settings(cmd, "kafka.", "topics."), outputFlag(cmd)
	offline := cmd.Flags().Bool("offline", false, "list the catalogue alone, without asking a cluster")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		ctx, cancel := context.WithTimeout(cmd.Context(), clusterTimeout)
		defer cancel()
		if *offline {
			c, err := load()
			if err != nil {
				return err
			}
			return printTopics(cmd.OutOrStdout(), list(c, topics.State{}), *output)
		}
		c, client, err := connect(load)
		if err != nil {
			return err
		}
		defer client.Close()
		state, err := client.State(ctx, slices.Collect(maps.Keys(list(c, topics.State{}))))
		if err != nil {
			return fmt.Errorf("kafka %v: %w", c.Kafka.Brokers, err)
		}
		return printTopics(cmd.OutOrStdout(), list(c, state), *output)
	})
	return cmd
}

// listed is one line of topics list; the cluster's part is nil where the topic is not there or was not asked for.
type listed struct {
	Topic       string `json:"topic"`
	Family      string `json:"family"`
	Types       int    `json:"types"`
	Partitions  *int32 `json:"partitions,omitempty"`
	Replication *int16 `json:"replication,omitempty"`
	MinInsync   string `json:"min_insync_replicas,omitempty"`
	RetentionMS string `json:"retention_ms,omitempty"`
}

func list(c app.Config, state topics.State) map[string]listed {
	all := map[string]listed{} // :: topic -> line
	for _, f := range topics.Default().Families {
		l := listed{Topic: c.Topics.Topic(f.Name), Family: f.Name, Types: len(f.Types)}
		if now, ok := state.Topics[l.Topic]; ok {
			l.Partitions, l.Replication = &now.Partitions, &now.Replication
			l.MinInsync, l.RetentionMS = now.Config["min.insync.replicas"], now.Config["retention.ms"]
		}
		all[l.Topic] = l
	}
	return all
}

func printTopics(w io.Writer, all map[string]listed, output string) error {
	if output == outputJSON {
		return json.NewEncoder(w).Encode(slices.SortedFunc(maps.Values(all), func(a, b listed) int { return strings.Compare(a.Topic, b.Topic) }))
	}
	var rows [][]string
	for _, topic := range slices.Sorted(maps.Keys(all)) {
		l := all[topic]
		row := []string{l.Topic, l.Family, strconv.Itoa(l.Types), "-", "-", "-", "-"}
		if l.Partitions != nil {
			row = append(row[:3], strconv.Itoa(int(*l.Partitions)), strconv.Itoa(int(*l.Replication)), l.MinInsync, topics.RetentionText(l.RetentionMS))
		}
		rows = append(rows, row)
	}
	return table(w, []string{"TOPIC", "FAMILY", "TYPES", "PARTITIONS", "REPLICATION", "MIN IN-SYNC", "RETENTION"}, rows)
}
