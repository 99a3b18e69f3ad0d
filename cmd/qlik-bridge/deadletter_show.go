package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

func deadLetterShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [PARTITION/OFFSET]",
		Short: "Show one dead letter: its headers, and its body byte for byte",
		Long: `show writes the body to standard output as it was received, byte for byte, and the headers to standard error. Only where standard output is
a terminal, what a terminal would obey is escaped. With --group it shows an event that a consumer or a subscription of deliver set aside.`,
		Example: `  qlik-bridge dead-letter show 0/17 > body.json
  qlik-bridge dead-letter show --id 3f6f8a1c --output json`,
		Args: cobra.MaximumNArgs(1),
	}
	load, output, group := settings(cmd, "kafka.", "topics."), outputFlag(cmd), groupFlag(cmd)
	id := cmd.Flags().String("id", "", "id of the event, instead of a position")
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		if (len(args) == 1) == (*id != "") {
			return badConfig(errors.New("one of PARTITION/OFFSET and --id"))
		}
		at, err := bridge.ParsePosition(strings.Join(args, ""))
		if err != nil && *id == "" {
			return badConfig(err)
		}
		d, err := openDeadLetters(cmd.Context(), load, *group, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer d.client.Close()
		if *id != "" {
			if at, err = d.only(cmd.Context(), *id); err != nil {
				return err
			}
		}
		return d.show(cmd.Context(), at, *output, cmd.OutOrStdout())
	})
	return cmd
}

// only finds where the one dead letter with an id is.
func (d *deadLetters) only(ctx context.Context, id string) (bridge.Position, error) {
	found, err := d.find(ctx, &letterFilter{ids: []string{id}})
	switch {
	case err != nil:
		return bridge.Position{}, err
	case len(found) == 1:
		return found[0].At.Position, nil
	case len(found) == 0:
		return bridge.Position{}, fmt.Errorf("--id %s: no dead letter has it", plain(id))
	}
	var at []string
	for _, l := range found {
		at = append(at, l.At.Position.String())
	}
	return bridge.Position{}, fmt.Errorf("--id %s: %s have it; show one by its position: %s", plain(id), count(len(found), "dead letter"), strings.Join(at, " "))
}

func (d *deadLetters) show(ctx context.Context, at bridge.Position, output string, out io.Writer) error {
	if !d.extent.Holds(at.Partition, at.Offset) {
		return fmt.Errorf("%s holds nothing at %s: %s", d.extent.Topic, at, d.held())
	}
	shown := false
	wanted := letter{DeadLetter: bridge.DeadLetter{At: bridge.Place{Topic: d.extent.Topic, Position: at}}}
	err := d.each(ctx, []letter{wanted}, func(_ letter, r kafka.Stored) error {
		shown = true
		return d.print(r, output, out)
	})
	if err == nil && !shown {
		return fmt.Errorf("%s holds no record at %s", d.extent.Topic, at)
	}
	return err
}

// held says what positions there are.
func (d *deadLetters) held() string {
	var parts []string
	for _, r := range d.extent.Ranges {
		if r.Start < r.End {
			parts = append(parts, fmt.Sprintf("%d/%d to %d/%d", r.Partition, r.Start, r.Partition, r.End-1))
		}
	}
	if len(parts) == 0 {
		return "it is empty"
	}
	return "it has " + strings.Join(parts, ", ")
}

func (d *deadLetters) print(r kafka.Stored, output string, out io.Writer) error {
	l, ok := d.read(r)
	if note, isNote := bridge.ReadRequeued(&r.Record); isNote && !ok {
		return fmt.Errorf("%s is no dead letter, but the note that %s was requeued to %s", r.Position, note.From, note.To)
	} else if !ok {
		return fmt.Errorf("%s is no dead letter: it gives no reason", r.Position)
	}
	if output == outputJSON {
		return printPlainJSON(out, l.whole(r))
	}
	for _, h := range r.Headers {
		fmt.Fprintf(d.status, "%s: %s\n", plain(h.Key), plain(string(h.Value)))
	}
	if isTerminal(out) {
		_, err := io.WriteString(out, plainLines(string(r.Value))+"\n")
		return err
	}
	_, err := out.Write(r.Value)
	return err
}
