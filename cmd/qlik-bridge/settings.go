package main

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"qlikbridge/bridge/app"
)

// settings gives a command --config and a flag for each key whose path begins with one of the prefixes (none: all), and returns what
// loads the configuration once the flags are parsed.
func settings(cmd *cobra.Command, prefixes ...string) func() (app.Config, error) {
	file := cmd.Flags().String("config", os.Getenv(app.EnvPrefix+"CONFIG"), "YAML configuration file (QLIK_BRIDGE_CONFIG)")
	values := map[string]*string{} // :: path -> value of the flag
	for _, key := range app.Keys() {
		if len(prefixes) > 0 && !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key.Path, p) }) {
			continue
		}
		values[key.Path] = cmd.Flags().String(key.Flag, "", usage(key))
		if key.Default == "true" || key.Default == "false" {
			cmd.Flags().Lookup(key.Flag).NoOptDefVal = "true"
		}
	}
	return func() (app.Config, error) {
		overrides := app.Overrides{}
		for _, key := range app.Keys() {
			if cmd.Flags().Changed(key.Flag) && values[key.Path] != nil {
				overrides[key.Path] = *values[key.Path]
			}
		}
		c, err := app.Load(*file, os.Environ(), overrides)
		if err != nil {
			return c, badConfig(err)
		}
		return c, nil
	}
}

func usage(key app.Key) string {
	if key.Default == "" {
		return key.Doc
	}
	return fmt.Sprintf("%s (default %s)", key.Doc, key.Default)
}

// warnOfVariables logs those that look like settings and are none.
func warnOfVariables(log *slog.Logger) {
	for _, name := range app.UnknownVariables(os.Environ()) {
		log.Warn("a variable that is no setting of the bridge is ignored; is it misspelt?", "name", name)
	}
}

// newLogger writes to standard error: standard output belongs to what a command was asked for.
func newLogger(c app.LogConfig) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.Level}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(os.Stderr, options))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, options))
}

// quietLogger is for commands that are not servers: what is wrong with the connection, and nothing else.
func quietLogger() *slog.Logger {
	return newLogger(app.LogConfig{Level: slog.LevelWarn, Format: "text"})
}
