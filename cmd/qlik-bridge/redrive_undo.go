package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"qlikbridge/bridge/file"
	"qlikbridge/bridge/redrive"
)

// takeBack shows what an undo file would take back, and with execute does it.
func (r *redriving) takeBack(ctx context.Context) error {
	undo, err := readUndo(r.undo)
	if err != nil {
		return badConfig(err)
	}
	r.group = undo.Group
	if err := r.look(ctx); err != nil {
		return err
	}
	if err := r.sameCluster(ctx, undo); err != nil {
		return err
	}
	plan, moved, err := r.wayBack(ctx, undo)
	switch {
	case err != nil:
		return err
	case len(moved) > 0:
		return r.refuseMoved(moved)
	case len(plan.Outside) > 0:
		return r.refuseOutside(plan.Outside, "where the group was")
	}
	return r.finish(ctx, plan, "undo of "+undo.Target)
}

func readUndo(path string) (redrive.Undo, error) {
	text, err := file.Read(path)
	if err != nil {
		return redrive.Undo{}, fmt.Errorf("--undo: %w", err)
	}
	undo, err := redrive.ParseUndo(text)
	if err != nil {
		return undo, fmt.Errorf("--undo %s: %w", path, err)
	}
	return undo, nil
}

// sameCluster refuses the offsets of another cluster.
func (r *redriving) sameCluster(ctx context.Context, undo redrive.Undo) error {
	ctx, cancel := context.WithTimeout(ctx, clusterTimeout)
	defer cancel()
	cluster, err := r.client.Cluster(ctx)
	if err != nil {
		return r.away(err)
	}
	if cluster.ID != undo.Cluster {
		return r.away(fmt.Errorf("refused: this is cluster %s, and %s is of cluster %s", cluster.ID, r.undo, plain(undo.Cluster)))
	}
	return nil
}

// wayBack plans the way back in each partition.
func (r *redriving) wayBack(ctx context.Context, undo redrive.Undo) (redrive.Plan, []redrive.Moved, error) {
	c := chosen{}
	r.givenBack = map[redrive.Partition]redrive.Reset{}
	for _, reset := range undo.Offsets {
		c[reset.Topic] = append(c[reset.Topic], reset.Partition)
		r.givenBack[reset.In()] = reset
	}
	standings, err := r.stand(ctx, c)
	if err != nil {
		return redrive.Plan{}, nil, err
	}
	var plan redrive.Plan
	var moved []redrive.Moved
	for _, s := range standings {
		move, gone, outside := r.givenBack[s.Partition].Back(s, r.force, r.clamp)
		switch {
		case gone != nil:
			moved = append(moved, *gone)
		case outside != nil:
			plan.Outside = append(plan.Outside, *outside)
		default:
			plan.Moves = append(plan.Moves, move)
		}
	}
	plan.Outside = append(plan.Outside, r.gone(undo, standings, len(plan.Moves) > 0)...)
	return plan, moved, nil
}

// gone are the resets whose topics do not exist any more; force leaves them out where others remain.
func (r *redriving) gone(undo redrive.Undo, standings []redrive.Standing, others bool) (gone []redrive.Outside) {
	for _, reset := range undo.Offsets {
		switch there := slices.ContainsFunc(standings, func(s redrive.Standing) bool { return s.Partition == reset.In() }); {
		case there:
		case r.force && others:
			fmt.Fprintf(r.status, "%s is left out: the topic does not exist any more\n", reset.In())
		default:
			o := reset.Gone()
			if others {
				o.Reason += "; --force leaves it out"
			}
			gone = append(gone, o)
		}
	}
	return gone
}

// refuseMoved says where the group has gone since.
func (r *redriving) refuseMoved(moved []redrive.Moved) error {
	if r.output == outputJSON {
		if err := printPlainJSON(r.out, wholePlan{Group: r.group, Partitions: []wholeMove{}, Moved: wholeMoves(moved)}); err != nil {
			return err
		}
	} else {
		var rows [][]string
		for _, m := range moved {
			rows = append(rows, []string{m.Topic, strconv.Itoa(int(m.Number)), offsetText(m.Before), offsetText(m.After), offsetText(m.Current), m.Reason})
		}
		if err := table(r.out, []string{"TOPIC", "PARTITION", "BEFORE", "RESET TO", "CURRENT", "WHY NOT"}, rows); err != nil {
			return err
		}
	}
	return errors.New("refused: group " + plain(r.group) + " has moved since it was reset; nothing was changed; --force takes the reset back even so")
}

func wholeMoves(moved []redrive.Moved) []wholeMoved {
	var all []wholeMoved
	for _, m := range moved {
		all = append(all, wholeMoved{m.Topic, m.Number, offsetOrNull(m.Before), offsetOrNull(m.After), offsetOrNull(m.Current), m.Reason})
	}
	return all
}
