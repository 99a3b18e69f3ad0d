package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// The forms of output; each command that has the flag knows both.
const (
	outputLine = "line"
	outputJSON = "json"
)

// outputFlag gives a command --output line|json and refuses other words.
func outputFlag(cmd *cobra.Command) *string {
	output := outputLine
	cmd.Flags().VarP(choice{&output, []string{outputLine, outputJSON}}, "output", "o", "line (for people) or json")
	return &output
}

// choice is a flag whose words are a closed set.
type choice struct {
	value   *string
	allowed []string
}

func (c choice) String() string { return *c.value }

func (c choice) Type() string { return strings.Join(c.allowed, "|") }

func (c choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		return fmt.Errorf("one of %s", strings.Join(c.allowed, ", "))
	}
	*c.value = s
	return nil
}

// table writes rows in columns.
func table(w io.Writer, head []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(head, "\t"))
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}
