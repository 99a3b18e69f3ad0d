package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/redrive"
)

func redriveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "redrive",
		Short: "Reset a consumer group's offsets, or copy past events to a side topic; a dry run unless --execute",
		Long: `redrive sets a consumer group's offsets, so that it is given past events again, or passes over some. It shows first, by partition, where the
group stands, where it would stand, and which events lie between. With --execute it writes an undo file and then sets the offsets. The group
must have no live members: they would write over it.

The flags are those of Kafka's kafka-consumer-groups --reset-offsets, and so is what they do, with two exceptions: where a partition does not
hold what is asked for any more, redrive refuses and says what remains (--clamp takes that, as Kafka's tool does), and so it does with a group
that there is not. Without --topic, --type and --family it is about every partition that the group has an offset in.

With --copy-to the group stays as it is: the events from the target on are published once more, byte for byte, to a topic of their own.`,
		Example: `  qlik-bridge redrive --group billing --by-duration 2h
  qlik-bridge redrive --group billing --family apps --to-datetime 2026-11-23T12:00:00.000 --execute
  qlik-bridge redrive --group billing --to-event 3f6f8a1c-5d1e-4c58-9a53-2f8d7b0c1e11
  qlik-bridge redrive --undo redrive-billing-20261125T101500.123Z.json --execute
  qlik-bridge redrive --copy-to billing-again --type com.qlik.app.created --by-duration 2h`,
		Args: cobra.NoArgs,
	}
	load, output, flags := settings(cmd, "kafka.", "topics."), outputFlag(cmd), redriveFlags(cmd)
	cmd.RunE = action(func(cmd *cobra.Command, _ []string) error {
		request, err := flags.complete(time.Now())
		if err != nil {
			return err
		}
		c, client, err := connect(load)
		if err != nil {
			return err
		}
		defer client.Close()
		r := &redriving{redriveRequest: request, config: c, client: client, out: cmd.OutOrStdout(), status: cmd.ErrOrStderr(), output: *output}
		return r.run(cmd.Context())
	})
	return cmd
}

// redriving is one run of the command.
type redriving struct {
	redriveRequest
	config      app.Config
	client      *kafka.Client
	out, status io.Writer
	output      string

	state     kafka.GroupState                    // of the group, as it was last asked for
	givenBack map[redrive.Partition]redrive.Reset // of an undo; else nil
}

func (r *redriving) run(ctx context.Context) error {
	if r.selection != nil && len(r.named) == 0 { // what is in a topic by name is not the catalogue's to say
		warn(r.status, r.selection.Warnings(r.config.Topics))
	}
	if err := r.reach(ctx); err != nil {
		return err
	}
	switch {
	case r.undo != "":
		return r.takeBack(ctx)
	case r.copyTo != "":
		return r.copy(ctx)
	}
	return r.reset(ctx)
}

// reach fails soon where Kafka does not answer; what comes after has more time.
func (r *redriving) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*r.config.Kafka.DialTimeout)
	defer cancel()
	return r.away(r.client.Ping(ctx))
}

// reset plans, shows, and with execute does it.
func (r *redriving) reset(ctx context.Context) error {
	if err := r.look(ctx); err != nil {
		return err
	}
	plan, err := r.planned(ctx)
	if err != nil {
		return err
	}
	if len(plan.Outside) > 0 {
		return r.refuseOutside(plan.Outside, "what --"+string(r.target.Kind)+" asks for")
	}
	return r.finish(ctx, plan, strings.TrimSpace(string(r.target.Kind)+" "+r.asked))
}

// planned works out where each partition goes.
func (r *redriving) planned(ctx context.Context) (redrive.Plan, error) {
	chosen, err := r.choose(ctx)
	if err != nil {
		return redrive.Plan{}, err
	}
	if r.target.Kind == redrive.ToEvent {
		if chosen, err = r.find(ctx, chosen); err != nil {
			return redrive.Plan{}, err
		}
	}
	standings, err := r.stand(ctx, chosen)
	if err != nil {
		return redrive.Plan{}, err
	}
	return redrive.NewPlan(r.target, standings, r.clamp, r.now), nil
}

// finish counts and shows what a plan does, and with execute does it.
func (r *redriving) finish(ctx context.Context, plan redrive.Plan, what string) error {
	if r.execute && r.state.Live() { // nobody has to wait for the reading
		return r.refuseLive()
	}
	if err := r.count(ctx, plan.Moves, func(kafka.Stored) bool { return true }); err != nil {
		return err
	}
	undoFile := r.undoFileName()
	if err := r.show(plan, undoFile); err != nil {
		return err
	}
	switch {
	case r.state.Live():
		return r.refuseLive()
	case !r.execute || len(plan.Changes()) == 0:
		return nil
	}
	return r.set(ctx, plan.Changes(), what, undoFile)
}

// away says which cluster an error is about.
func (r *redriving) away(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("kafka %v: %w", r.config.Kafka.Brokers, err)
}
