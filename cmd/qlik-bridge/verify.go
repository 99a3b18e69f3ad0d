package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/topics"
)

func verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a signature or an event file offline",
		Long: `verify reads one body as Qlik sent it (- for standard input) and says what the bridge would make of it: envelope, type, family, key, and
what had to be repaired. With --signature it first checks that value of Qlik-Signature against the secrets file. The bytes must be those
that were signed: a body copied from a pretty-printing console has others.`,
		Example: `  qlik-bridge verify event.json
  qlik-bridge verify event.json --signature 5f0a… --secrets-file secrets`,
		Args: cobra.ExactArgs(1),
	}
	signature := cmd.Flags().String("signature", "", "value of the header Qlik-Signature to check")
	secretsFile := cmd.Flags().String("secrets-file", os.Getenv(app.EnvPrefix+"SECRETS_FILE"), "file with the signing secrets")
	output := outputFlag(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, args []string) error {
		body, err := readInput(args[0])
		if err != nil {
			return badConfig(err)
		}
		if cmd.Flags().Changed("signature") {
			if err := verifySignature(cmd.ErrOrStderr(), *signature, *secretsFile, body); err != nil {
				return err
			}
		}
		return verifyEvent(cmd.OutOrStdout(), body, *output)
	})
	return cmd
}

func verifySignature(status io.Writer, signature, secretsFile string, body []byte) error {
	if secretsFile == "" {
		return badConfig(errors.New("--signature needs --secrets-file"))
	}
	keyring, err := bridge.LoadKeyring(secretsFile)
	if err != nil {
		return badConfig(err)
	}
	standing, err := keyring.Verify([]string{signature}, body)
	if err != nil {
		return err
	}
	fmt.Fprintf(status, "signature good, by the %s secret\n", standing)
	return nil
}

func verifyEvent(out io.Writer, body []byte, output string) error {
	e, err := bridge.Normalise(bridge.Delivery{Origin: bridge.Webhook, Body: body, ReceivedAt: time.Now()}, topics.Default())
	if err != nil {
		if output == outputJSON {
			_ = json.NewEncoder(out).Encode(map[string]string{"outcome": string(bridge.DeadLettered), "error": err.Error()})
		}
		return fmt.Errorf("would be a dead letter: %w", err)
	}
	if output == outputJSON {
		_, err := fmt.Fprintln(out, string(e.AppendJSON(nil)))
		return err
	}
	for _, row := range [][2]string{
		{"envelope", string(e.Envelope)}, {"id", e.ID}, {"type", e.Type}, {"today's name", e.Today}, {"source", e.Source}, {"time", e.Time},
		{"family", e.Family.Name}, {"partition key", e.Key}, {"repairs", e.Repairs.String()}, {"data", describe(e)},
	} {
		if row[1] != "" {
			fmt.Fprintf(out, "%-14s %s\n", row[0], plain(row[1]))
		}
	}
	return nil
}

func describe(e *bridge.Event) string {
	if e.Data == nil {
		return "none"
	}
	return fmt.Sprintf("%d bytes, as sent", len(e.Data))
}
