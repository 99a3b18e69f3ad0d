package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge/doctor"
)

func doctorCommand() *cobra.Command {
	d := doctor.Doctor{Environ: os.Environ(), Now: time.Now}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check an installation: files, brokers, login, ACLs, topics, clock, and one event the whole way",
		Long: `doctor goes from the outside in: configuration and files; DNS, TCP, TLS and login of each broker; what the login may do; the topics; the
clock; the running bridge; and one signed event of type ` + doctor.EventType + ` the whole way, which stays in the topic of unknown types.
It changes nothing else. Each line that is not ok says what to do. It fails when something does not work; a warning is none.`,
		Example: `  qlik-bridge doctor --config bridge.yaml
  qlik-bridge doctor --url https://hooks.example.com/webhooks/qlik --output json
  qlik-bridge doctor --no-round-trip`,
		Args: cobra.NoArgs,
	}
	load, output := settings(cmd), outputFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&d.AdminURL, "admin-url", "", "admin port of the running bridge (default from admin_listen)")
	flags.StringVar(&d.URL, "url", "", "where a webhook posts to (default from listen and the first source)")
	flags.BoolVar(&d.NoSpool, "no-spool", false, "leave the spool's folder out: it is not on this machine")
	without := flags.Bool("no-round-trip", false, "send no event")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		if err := errors.Join(optionalURL("--admin-url", d.AdminURL), optionalURL("--url", d.URL)); err != nil {
			return badConfig(err)
		}
		c, err := load()
		if err != nil {
			return err
		}
		d.Config, d.RoundTrip = c, !*without
		r := &report{out: cmd.OutOrStdout(), lines: *output == outputLine, Findings: []doctor.Finding{}}
		d.Examine(cmd.Context(), r.add)
		return r.end(cmd.Context().Err())
	})
	return cmd
}

// optionalURL takes a flag that was not given, too.
func optionalURL(flag, text string) error {
	if text == "" {
		return nil
	}
	return validURL(flag, text)
}

func validURL(flag, text string) error {
	u, err := url.Parse(text)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	return fmt.Errorf("%s %q: a URL such as https://hooks.example.com/webhooks/qlik", flag, text)
}

// report gathers findings; as lines they are written as they come.
type report struct {
	out      io.Writer
	lines    bool
	Failed   int              `json:"failed"`
	Warnings int              `json:"warnings"`
	Skipped  int              `json:"skipped"`
	Findings []doctor.Finding `json:"findings"`
}

func (r *report) add(f doctor.Finding) {
	switch f.Status {
	case doctor.Failed:
		r.Failed++
	case doctor.Warning:
		r.Warnings++
	case doctor.Skipped:
		r.Skipped++
	}
	r.Findings = append(r.Findings, f)
	if !r.lines {
		return
	}
	text := f.Found
	if f.Subject != "" {
		text = f.Subject + ": " + f.Found
	}
	fmt.Fprintf(r.out, "%-8s %-14s %s\n", f.Status, f.Check, strings.ReplaceAll(text, "\n", " "))
	if f.Remedy != "" {
		fmt.Fprintf(r.out, "%-8s %-14s -> %s\n", "", "", f.Remedy)
	}
}

// end is the error of the command: that something failed, or that it was interrupted.
func (r *report) end(interrupted error) error {
	good := len(r.Findings) - r.Failed - r.Warnings - r.Skipped
	sum := fmt.Sprintf("%d ok, %d failed, %d warnings, %d skipped", good, r.Failed, r.Warnings, r.Skipped)
	if r.lines {
		fmt.Fprintln(r.out, sum)
	} else if err := json.NewEncoder(r.out).Encode(r); err != nil {
		return err
	}
	switch {
	case interrupted != nil:
		return interrupted
	case r.Failed > 0:
		return &failure{err: errors.New(sum), code: exitFailed, silent: true}
	}
	return nil
}
