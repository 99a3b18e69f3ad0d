package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

func deadLetterListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the dead letters that the topic holds now",
		Long: `list reads the dead-letter topic from its beginning to where it ends now. Types and ids that stand in no header are read from the bodies.
With --output json each line has all headers and the body: body, or body_base64 where it is no UTF-8. That topic is the bridge's own,
<prefix>dead-letter; with --group it is <prefix>dead-letter.<group>, which has what a consumer or a subscription of deliver set aside.`,
		Example: `  qlik-bridge dead-letter list
  qlik-bridge dead-letter list --reason invalid_json --since 24h
  qlik-bridge dead-letter list --group qlik.deliver.crm
  qlik-bridge dead-letter list --output json | jq -r .body`,
		Args: cobra.NoArgs,
	}
	load, output, filtered := settings(cmd, "kafka.", "topics."), outputFlag(cmd), filterFlags(cmd)
	group := groupFlag(cmd)
	include := cmd.Flags().Bool("include-requeued", false, "list those too that were requeued")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		f, err := filtered(*group, nil)
		if err != nil {
			return err
		}
		d, err := openDeadLetters(cmd.Context(), load, *group, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer d.client.Close()
		return d.list(cmd.Context(), f, *include, *output, cmd.OutOrStdout())
	})
	return cmd
}

func (d *deadLetters) list(ctx context.Context, f *letterFilter, include bool, output string, out io.Writer) error {
	found, err := d.find(ctx, f)
	if err != nil {
		return err
	}
	all := len(found)
	if !include {
		found = slices.DeleteFunc(found, func(l letter) bool { return l.requeued != nil })
	}
	if output == outputJSON {
		err = d.each(ctx, found, func(l letter, r kafka.Stored) error { return printPlainJSON(out, l.whole(r)) })
	} else if len(found) > 0 {
		err = d.table(found, out)
	}
	fmt.Fprintln(d.status, tally(found)+hidden(all-len(found)))
	return err
}

func (d *deadLetters) table(found []letter, out io.Writer) error {
	if d.group != "" {
		return table(out, []string{"POSITION", "FAILED", "FROM", "REASON", "ATTEMPTS", "TYPE", "ID", "ERROR"}, rowsOfGroup(found))
	}
	return table(out, []string{"POSITION", "RECEIVED", "SOURCE", "REASON", "TYPE", "ID", "BYTES", "ERROR"}, rows(found))
}

func rows(found []letter) [][]string {
	var rows [][]string
	for _, l := range found {
		reason := plain(string(l.Reason))
		if l.requeued != nil {
			reason += " (requeued)"
		}
		rows = append(rows, []string{l.At.Position.String(), l.ReceivedAt.UTC().Format(time.RFC3339), text(l.Source), reason, text(l.typ), text(l.ID),
			strconv.Itoa(l.bytes), short(plain(l.Error), 80)})
	}
	return rows
}

// text is a cell of a table.
func text(s string) string { return cmp.Or(short(plain(s), 64), "-") }

// tally counts by reason, the most frequent first.
func tally(found []letter) string {
	if len(found) == 0 {
		return "no dead letters"
	}
	reasons := map[string]int{}
	for _, l := range found {
		reasons[plain(string(l.Reason))]++
	}
	return count(len(found), "dead letter") + ": " + counts(reasons)
}

func counts(reasons map[string]int) string {
	ordered := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	for i, reason := range ordered {
		ordered[i] = fmt.Sprintf("%s %d", reason, reasons[reason])
	}
	return strings.Join(ordered, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func hidden(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d requeued (--include-requeued lists them)", n)
}

// wholeLetter is a dead letter as JSON.
type wholeLetter struct {
	Topic      string            `json:"topic"`
	Partition  int32             `json:"partition"`
	Offset     int64             `json:"offset"`
	Received   time.Time         `json:"received,omitzero"` // not of a group's
	Source     string            `json:"source,omitempty"`  // not of a group's
	Group      string            `json:"group,omitempty"`   // of a group's, as are the next three
	Failed     time.Time         `json:"failed,omitzero"`
	From       string            `json:"from,omitempty"`
	Attempts   int               `json:"attempts,omitempty"`
	Reason     bridge.Reason     `json:"reason"`
	Error      string            `json:"error"`
	Type       string            `json:"type,omitempty"`
	ID         string            `json:"id,omitempty"`
	Bytes      int               `json:"bytes"`
	Requeued   *time.Time        `json:"requeued,omitempty"`
	RequeuedTo string            `json:"requeued_to,omitempty"`
	Headers    map[string]string `json:"headers"`
	rawBody
}

func (l letter) whole(r kafka.Stored) wholeLetter {
	w := wholeLetter{Topic: l.At.Topic, Partition: l.At.Partition, Offset: l.At.Offset, Received: l.ReceivedAt.UTC(), Source: l.Source, Reason: l.Reason,
		Error: l.Error, Type: l.typ, ID: l.ID, Bytes: l.bytes, Headers: headers(r.Headers)}
	if l.aside != nil {
		w.Group, w.From, w.Attempts, w.Failed, w.Received = l.aside.group, l.aside.from, l.aside.attempts, w.Received, time.Time{}
	}
	if l.requeued != nil {
		w.Requeued, w.RequeuedTo = &l.requeued.At, l.requeued.To.String()
	}
	w.rawBody = bodyOf(r.Value)
	return w
}
