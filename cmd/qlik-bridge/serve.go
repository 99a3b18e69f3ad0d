package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"qlikbridge/bridge/app"
)

// ballastBytes is memory that is never touched, and so takes none of the machine's; it only counts when Go decides when to collect
// garbage. With the few MiB that the bridge really holds, Go would collect garbage many times a second under load.
const ballastBytes = 8 << 20

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the bridge against a Kafka cluster",
		Long: `serve takes webhooks at /webhooks/{source} and publishes them to Kafka. It needs a secrets file and the brokers; all else has
defaults. It starts without Kafka too and says on /readyz of the admin port what it waits for. SIGTERM drains.`,
		Args: cobra.NoArgs,
	}
	load := settings(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		c, err := load()
		if err != nil {
			return err
		}
		if err := c.CheckFiles(); err != nil {
			return badConfig(err)
		}
		log := newLogger(c.Log)
		warnOfVariables(log)
		ballast := make([]byte, ballastBytes)
		defer runtime.KeepAlive(ballast)
		return app.Run(cmd.Context(), c, log)
	})
	return cmd
}
