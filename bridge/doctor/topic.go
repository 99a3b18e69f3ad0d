package doctor

import (
	"context"
	"errors"
	"fmt"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// operations that the actions of a plan need.
var operations = map[topics.Action]string{topics.Create: "Create", topics.AddPartitions: "Alter", topics.Alter: "AlterConfigs"}

// topics compares the topics with the catalogue, and asks whether each partition takes acknowledged writes.
func (x *examination) topics(ctx context.Context) ([]Finding, bool) {
	plan, err := app.Plan(ctx, x.Config, x.client)
	if err != nil {
		return []Finding{fail(topicState, "", err, "see what the brokers' own logs say")}, false
	}
	var found []Finding
	for _, r := range plan.Refusals {
		found = append(found, fail(topicState, r.Topic, "refused: "+r.Reason, "see `qlik-bridge topics plan`; the bridge is not ready until this is mended"))
	}
	if len(plan.Changes) > 0 {
		found = append(found, x.toDo(plan.Changes))
	}
	if len(found) == 0 {
		found = append(found, ok(topicState, "", "all %d as the catalogue wants them, %d settings kept that are larger or differ", len(x.specs()), len(plan.Kept)))
	}
	return append(found, x.writable(ctx)), true
}

// toDo is a failure only where nobody will do it: a bridge that manages its topics does when it starts, and every few minutes.
func (x *examination) toDo(changes []topics.Change) Finding {
	text := fmt.Sprintf("%d changes to do, of them: %s", len(changes), change(changes[0]))
	const plan = "run `qlik-bridge topics plan` to see them, and `topics apply` to do them"
	for _, c := range changes {
		if operation := operations[c.Action]; x.Config.Topics.Manage && x.denied[operation] {
			return fail(topicState, "", text+"; serve may not do them", "grant "+operation+" as said above; or "+plan+" as a user who may")
		}
	}
	if x.Config.Topics.Manage {
		return warn(topicState, "", text, "serve does them at its start; or "+plan)
	}
	return fail(topicState, "", text+"; topics.manage is false", plan)
}

func change(c topics.Change) string {
	if c.Key == "" {
		return fmt.Sprintf("%s %s", c.Action, c.Topic)
	}
	return fmt.Sprintf("%s %s %s from %s to %s", c.Action, c.Topic, c.Key, c.From, c.To)
}

func (x *examination) writable(ctx context.Context) Finding {
	var names []string
	for _, s := range x.specs() {
		names = append(names, s.Name)
	}
	err := x.client.Writable(ctx, names)
	switch {
	case errors.Is(err, kafka.ErrTopicsMissing):
		return ok(partitions, "", "those that exist take acknowledged writes")
	case err != nil:
		return fail(partitions, "", err, "bring the brokers back that are away: until then deliveries to these topics are not acknowledged")
	}
	return ok(partitions, "", "each has a leader and enough in-sync replicas")
}
