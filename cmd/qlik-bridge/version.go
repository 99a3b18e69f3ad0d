package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
)

func versionCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "version", Short: "Print version, commit and Go version", Args: cobra.NoArgs}
	output := outputFlag(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		if *output == outputJSON {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]string{"version": bridge.Version(), "commit": commit(), "go": runtime.Version()})
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "qlik-bridge %s, commit %s, %s\n", bridge.Version(), commit(), runtime.Version())
		return err
	})
	return cmd
}

// linked is the commit, set by the linker (make build).
var linked string

func commit() string {
	if linked != "" {
		return linked
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}
