package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/deliver"
)

func deliverCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "deliver",
		Short: "Post events to HTTP sinks, for consumers that do not speak Kafka",
		Long: `deliver reads the topics and posts each event to the sinks that subscribe to it: as a CloudEvent in binary or structured mode, or as a body of
a template. The subscriptions file (docs/deliver.md) says which events go where; it is read again when it changes. Each subscription has a
consumer group of its own, so that redrive works on it, and a sink that is down holds up nobody else. SIGTERM drains.`,
		Example: `  qlik-bridge deliver --deliver-subscriptions-file subscriptions.yaml --check
  qlik-bridge deliver --deliver-subscriptions-file subscriptions.yaml --kafka-brokers kafka-1:9092`,
		Args: cobra.NoArgs,
	}
	load := settings(cmd, "deliver.", "kafka.", "topics.", "admin_listen", "pprof", "log.")
	check := cmd.Flags().Bool("check", false, "check the subscriptions file and every file that it names, and end; talks to nobody")
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		if c.Deliver.SubscriptionsFile == "" {
			return badConfig(errors.New("deliver.subscriptions_file is missing: name the file of subscriptions (" + app.EnvPrefix + "DELIVER_SUBSCRIPTIONS_FILE, --deliver-subscriptions-file)"))
		}
		file, err := deliver.Load(c.Deliver.SubscriptionsFile, c.Topics)
		if err := errors.Join(err, c.CheckKafka()); err != nil {
			return badConfig(err)
		}
		if *check {
			warn(cmd.ErrOrStderr(), file.Warnings(c.Topics))
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "the subscriptions file is good: %s\n", count(len(file.Subscriptions), "subscription"))
			return err
		}
		log := newLogger(c.Log)
		warnOfVariables(log)
		return app.Deliver(cmd.Context(), c, log)
	})
	return cmd
}
