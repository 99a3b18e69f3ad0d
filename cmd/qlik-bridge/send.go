package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/sandbox"
	"qlikbridge/topics"
)

// sending is what the flags of send say.
type sending struct {
	types, families  []string
	envelope         string
	count            int
	rate             float64
	url, secretsFile string
	file             string
	output           string
}

func sendCommand() *cobra.Command {
	s := sending{envelope: string(bridge.CloudEvents)}
	cmd := &cobra.Command{
		Use:   "send",
		Short: "Sign and post sample events, or an event of yours",
		Long: `send plays a Qlik tenant: it makes realistic events, signs them with the first secret of the secrets file, and posts them. Without
--type or --family it goes through every type of the catalogue in turn. It fails when an answer is not a 2xx.`,
		Example: `  qlik-bridge send --secrets-file secrets --type com.qlik.app.created --count 10
  qlik-bridge send --secrets-file secrets --family users --envelope legacy
  qlik-bridge send --secrets-file secrets --file event.json`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&s.types, "type", nil, "types to send, today's or older names (repeatable)")
	flags.StringSliceVar(&s.families, "family", nil, "families whose types to send (repeatable)")
	flags.Var(choice{&s.envelope, []string{"legacy", "hybrid", "cloudevents", "audit"}}, "envelope", "the form to wrap events in")
	flags.IntVar(&s.count, "count", 1, "how many events to send")
	flags.Float64Var(&s.rate, "rate", 0, "events per second; 0: as fast as they are answered")
	flags.StringVar(&s.url, "url", "http://127.0.0.1:8080/webhooks/qlik", "where to post to")
	flags.StringVar(&s.secretsFile, "secrets-file", os.Getenv(app.EnvPrefix+"SECRETS_FILE"), "file whose first line is the signing secret")
	flags.StringVar(&s.file, "file", "", "send the bytes of this file instead of samples (- for standard input)")
	output := outputFlag(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		s.output = *output
		return s.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
	})
	return cmd
}

func (s *sending) run(ctx context.Context, out, status io.Writer) error {
	if s.count < 1 || !(s.rate >= 0 && s.rate <= mostPerSecond) {
		return badConfig(fmt.Errorf("--count %d, --rate %g: 1 or more, and from 0 to %d", s.count, s.rate, mostPerSecond))
	}
	if err := validURL("--url", s.url); err != nil {
		return badConfig(err)
	}
	next, err := s.bodies()
	if err != nil {
		return badConfig(err)
	}
	if s.secretsFile == "" {
		return badConfig(fmt.Errorf("--secrets-file is missing: the file with the webhook's signing secret"))
	}
	keyring, err := bridge.LoadKeyring(s.secretsFile)
	if err != nil {
		return badConfig(err)
	}
	return s.post(ctx, sandbox.NewTenant(s.url, keyring.Sign), next, out, status)
}

// post sends count bodies, one after another, and prints what was answered.
func (s *sending) post(ctx context.Context, tenant *sandbox.Tenant, next func() ([]byte, error), out, status io.Writer) error {
	limit, bar, failed := rate.NewLimiter(rate.Inf, 1), newProgress(status, "sending", int64(s.count)), 0
	if s.rate > 0 {
		limit.SetLimit(rate.Limit(s.rate))
	}
	for range s.count {
		if err := limit.Wait(ctx); err != nil {
			return err
		}
		body, err := next()
		if err != nil {
			return err
		}
		answer, err := tenant.Post(ctx, body)
		if err != nil {
			return fmt.Errorf("posting to %s: %w", s.url, err)
		}
		if answer.Status/100 != 2 {
			failed++
		}
		bar.Add(1)
		if err := s.print(out, answer); err != nil {
			return err
		}
	}
	bar.Done()
	fmt.Fprintf(status, "%d sent, %d not taken\n", s.count, failed)
	if failed > 0 {
		return &failure{err: fmt.Errorf("%d of %d events were not taken", failed, s.count), code: exitFailed}
	}
	return nil
}

func (s *sending) print(out io.Writer, a sandbox.Answer) error {
	if s.output == outputJSON {
		return json.NewEncoder(out).Encode(a)
	}
	what := a.Outcome
	if what == "" {
		what = a.Error
	}
	_, err := fmt.Fprintf(out, "%d %s %s %s %s\n", a.Status, what, a.Type, a.ID, a.Reason)
	return err
}

// bodies returns what gives one body after another.
func (s *sending) bodies() (func() ([]byte, error), error) {
	if s.file != "" {
		content, err := readInput(s.file)
		return func() ([]byte, error) { return content, nil }, err
	}
	types, err := s.chosen()
	if err != nil {
		return nil, err
	}
	samples, n := sandbox.NewSamples(uint64(time.Now().UnixNano()), time.Now), 0
	return func() ([]byte, error) {
		n++
		return samples.Body(types[(n-1)%len(types)], s.envelope)
	}, nil
}

// chosen are the types of --type and --family, or all.
func (s *sending) chosen() ([]string, error) {
	catalog, types := topics.Default(), s.types
	for _, name := range s.types {
		if _, ok := catalog.Lookup(name); !ok {
			return nil, fmt.Errorf("--type %s: not in the catalogue; `qlik-bridge topics list --offline` lists the families, --file sends what you like", name)
		}
	}
	for _, name := range s.families {
		f, ok := catalog.Family(name)
		if !ok || len(f.Types) == 0 {
			return nil, fmt.Errorf("--family %s: no such family; `qlik-bridge topics list --offline` lists them", name)
		}
		for _, t := range f.Types {
			types = append(types, t.Name)
		}
	}
	if len(types) == 0 {
		types = sandbox.SampleTypes()
	}
	return types, nil
}

// readInput reads a file, or standard input for "-".
func readInput(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(path)
}
