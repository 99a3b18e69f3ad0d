package main

import (
	"context"
	"fmt"
	"os"

	"qlikbridge/bridge"
	"qlikbridge/bridge/file"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/redrive"
)

// refuseLive names who consumes in the group, and says how to stop them.
func (r *redriving) refuseLive() error {
	if len(r.state.Members) == 0 {
		return fmt.Errorf("refused: group %s is in state %s: somebody is joining or leaving it; nothing was changed; run it again when the group is empty", plain(r.group), r.state.State)
	}
	var rows [][]string
	for _, m := range r.state.Members {
		rows = append(rows, []string{plain(m.Client), plain(m.Host), plain(m.ID)})
	}
	if err := table(r.status, []string{"CLIENT ID", "HOST", "MEMBER ID"}, rows); err != nil {
		return err
	}
	return fmt.Errorf(`refused: group %s has %s, which would write over its offsets; nothing was changed. Stop them (end the processes, or scale their deployment to 0) and run it again: a consumer that ends well leaves the group at once, one that was killed after its session timeout (45 s by default)`,
		plain(r.group), count(len(r.state.Members), "live member"))
}

func (r *redriving) undoFileName() string {
	if r.saveUndo != "" {
		return r.saveUndo
	}
	return redrive.FileName(r.group, r.now)
}

// set changes the group's offsets, and leaves what takes that back. Once it has begun, an interrupt does not stop it.
func (r *redriving) set(ctx context.Context, changes []redrive.Move, what, undoFile string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("interrupted; nothing was changed: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clusterTimeout)
	defer cancel()
	undo, err := r.confirm(ctx, changes, what)
	if err != nil {
		return err
	}
	text, err := undo.Text()
	if err != nil {
		return err
	}
	if err := file.Create(undoFile, text); err != nil {
		return fmt.Errorf("the undo file: %w; nothing was changed (--undo-file names another)", err)
	}
	if err := r.commit(ctx, undo); err != nil {
		return r.notSet(ctx, err, undo, undoFile)
	}
	_, err = fmt.Fprintf(r.status, "group %s: %s set; this takes it back: qlik-bridge redrive --undo %s --execute\n", plain(r.group), count(len(changes), "offset"), undoFile)
	return err
}

// confirm asks for the group once more, so that the undo file says what stands there now: while the plan was made and read, somebody may have
// come and gone.
func (r *redriving) confirm(ctx context.Context, changes []redrive.Move, what string) (redrive.Undo, error) {
	planned := r.state
	if err := r.look(ctx); err != nil {
		return redrive.Undo{}, err
	}
	if r.state.Live() {
		return redrive.Undo{}, r.refuseLive()
	}
	for _, m := range changes {
		now, beside := r.committed(m.Partition)
		if now != m.Current {
			return redrive.Undo{}, fmt.Errorf("refused: group %s has moved from %s to %s in %s since it was looked at; nothing was changed; run it again",
				plain(planned.Name), offsetText(m.Current), offsetText(now), m.Partition)
		}
		if beside != m.Beside {
			return redrive.Undo{}, fmt.Errorf("refused: group %s has committed in %s since it was looked at; nothing was changed; run it again", plain(planned.Name), m.Partition)
		}
	}
	cluster, err := r.client.Cluster(ctx)
	if err != nil {
		return redrive.Undo{}, r.away(err)
	}
	return redrive.NewUndo(r.group, cluster.ID, what, changes, r.now), nil
}

// commit sets the offsets that an undo says it would take back.
func (r *redriving) commit(ctx context.Context, undo redrive.Undo) error {
	var commits []kafka.Commit
	var forget []bridge.Place
	for _, reset := range undo.Offsets {
		if c := after(reset); c.Offset == redrive.None {
			forget = append(forget, c.Place)
		} else {
			commits = append(commits, c)
		}
	}
	if len(commits) > 0 {
		if err := r.client.Commit(ctx, r.group, commits); err != nil {
			return err
		}
	}
	if len(forget) > 0 {
		return r.client.Forget(ctx, r.group, forget)
	}
	return nil
}

// after is what a reset sets: an offset and what is put beside it, or None.
func after(reset redrive.Reset) kafka.Commit {
	c := kafka.Commit{Place: bridge.Place{Topic: reset.Topic, Position: bridge.Position{Partition: reset.Partition, Offset: redrive.None}}}
	if reset.After != nil {
		c.Offset, c.Metadata = *reset.After, reset.AfterMetadata
	}
	return c
}

// notSet says what holds after Kafka did not take the offsets, or not all: the group is asked.
func (r *redriving) notSet(ctx context.Context, err error, undo redrive.Undo, undoFile string) error {
	takesBack := "this takes back what is: qlik-bridge redrive --undo " + undoFile + " --execute"
	if lookErr := r.look(ctx); lookErr != nil {
		return fmt.Errorf("%w; offsets may be set; %s", r.away(err), takesBack)
	}
	set := 0
	for _, reset := range undo.Offsets {
		wanted := after(reset)
		if offset, beside := r.committed(reset.In()); offset == wanted.Offset && beside == wanted.Metadata {
			set++
		}
	}
	if set > 0 {
		return fmt.Errorf("%d of %s set; %s: %w", set, count(len(undo.Offsets), "offset"), takesBack, r.away(err))
	}
	_ = os.Remove(undoFile) // there is nothing to take back
	if r.state.Live() {
		return r.refuseLive()
	}
	return fmt.Errorf("refused: %w; nothing was changed", r.away(err))
}
