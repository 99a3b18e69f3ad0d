package main

import (
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"qlikbridge/bridge/app"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check or show the configuration"}
	cmd.AddCommand(configCheckCommand(), configShowCommand())
	return cmd
}

func configCheckCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "check", Short: "Check the configuration and every file that it names; talks to nobody", Args: cobra.NoArgs}
	load := settings(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		if err := c.CheckFiles(); err != nil {
			return badConfig(err)
		}
		for _, name := range app.UnknownVariables(os.Environ()) {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s is no setting of the bridge and is ignored; is it misspelt?\n", name)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "the configuration is good: %s, brokers %v\n", count(len(c.AllSources()), "source"), c.Kafka.Brokers)
		return err
	})
	return cmd
}

func configShowCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "show", Short: "Print the effective configuration as YAML, secrets masked", Args: cobra.NoArgs}
	load := settings(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		text, err := yaml.Marshal(c.Masked())
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(text)
		return err
	})
	return cmd
}
