package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/redrive"
	"qlikbridge/topics"
)

// groupFlag gives a command the flag that asks for what a group has set aside, instead of the bridge.
func groupFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("group", "", "what this consumer group set aside, such as qlik.deliver.crm, instead of what the bridge did")
}

// setAside is what a group's dead letter says that the bridge's own do not.
type setAside struct {
	group    string
	from     string // where the event is, as far as its topic still holds it: topic/partition/offset
	attempts int
}

// deadLetterTopic is where a group's dead letters are; "": the bridge's own.
func deadLetterTopic(c app.Config, group string) string {
	if group == "" {
		return c.Topics.Topic(topics.DeadLetter)
	}
	return consumer.DeadLetterTopic(c.Topics.Prefix, group)
}

// readOfGroup reads a record of a group's topic: an event, whose own headers come before those that say why. Of a name that is there twice the last one counts,
// since an event can be set aside by a group that reads the dead letters of another.
func readOfGroup(r kafka.Stored) (letter, bool) {
	h := headers(r.Headers)
	l := letter{bytes: len(r.Value), typ: h["ce_type"], aside: &setAside{group: h["group"], from: h["from"]}}
	l.DeadLetter = bridge.DeadLetter{At: bridge.Place{Topic: r.Topic, Position: r.Position}, Reason: bridge.Reason(h["reason"]), Error: h["error"], ID: h["ce_id"]}
	l.aside.attempts, _ = strconv.Atoi(h["attempts"])
	l.ReceivedAt = r.Time
	if failed, err := time.Parse(time.RFC3339Nano, h["failed"]); err == nil {
		l.ReceivedAt = failed
	}
	return l, l.Reason != ""
}

func rowsOfGroup(found []letter) [][]string {
	var rows [][]string
	for _, l := range found {
		rows = append(rows, []string{l.At.Position.String(), l.ReceivedAt.UTC().Format(time.RFC3339), text(l.aside.from), plain(string(l.Reason)), strconv.Itoa(l.aside.attempts),
			text(l.typ), text(l.ID), short(plain(l.Error), 80)})
	}
	return rows
}

// noneOfGroup says that a group has no dead letters since it has no topic of them, and which groups may have been meant.
func noneOfGroup(ctx context.Context, client *kafka.Client, group string, missing error) error {
	text := "no group of that name has set events aside"
	names, err := client.Groups(ctx)
	if near := redrive.Near(group, names, 5); err == nil && len(near) > 0 && near[0] != group {
		text += "; there is " + strings.Join(near, ", ")
	}
	return fmt.Errorf("--group %s: %w: %s", plain(group), missing, plain(text))
}

// reasonsOf are the reasons that dead letters of a group have; "": of the bridge.
func reasonsOf(group string) []bridge.Reason {
	if group == "" {
		return bridge.DeadLetterReasons()
	}
	return consumer.DeadLetterReasons()
}
