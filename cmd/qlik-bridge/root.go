package main

import (
	"github.com/spf13/cobra"
)

// failure is what a command ends with when its words were right; anything else that cobra returns is wrong usage.
type failure struct {
	err    error
	code   int
	silent bool // the command has said it all
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

// badConfig is the failure of a configuration that cannot be used.
func badConfig(err error) error { return &failure{err: err, code: exitUsage} }

// action makes a cobra function of a command's own; its errors are failures.
func action(run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := run(cmd, args)
		if _, ok := err.(*failure); ok || err == nil {
			return err
		}
		return &failure{err: err, code: exitFailed}
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "qlik-bridge",
		Short: "Qlik Cloud events, verified, on Kafka topics",
		Long: `qlik-bridge takes the signed webhooks of Qlik Cloud, verifies each signature, and publishes each event as a structured
CloudEvent on a Kafka topic, one topic per family of events. What it answers with 200 is in Kafka.

Try it without anything installed:  qlik-bridge dev
Every setting is a key of the YAML file, an environment variable QLIK_BRIDGE_… and a flag, in rising precedence.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(devCommand(), serveCommand(), sendCommand(), tailCommand(), deliverCommand(), topicsCommand(), redriveCommand(), deadLetterCommand(), verifyCommand(), doctorCommand(), configCommand(), versionCommand())
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() { // shows its help; a word that is none of its commands is wrong usage, which cobra alone lets pass
			cmd.Args, cmd.RunE = cobra.NoArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	return root
}
