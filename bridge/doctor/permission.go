package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"qlikbridge/bridge/kafka"
)

// managing are the operations that only a bridge needs that manages its topics.
var managing = map[string]bool{"Create": true, "Alter": true, "AlterConfigs": true}

// permissions tries every operation of the bridge on every topic. Without those that show the topics, they cannot be compared.
func (x *examination) permissions(ctx context.Context) ([]Finding, bool) {
	tried, err := x.client.Permissions(ctx, x.specs(), x.Config.Topics.Manage)
	if err != nil {
		return []Finding{fail(acl, "", fmt.Errorf("trying what the login may do: %w", err), "see what the brokers' own logs say")}, false
	}
	var found []Finding
	for len(tried) > 0 {
		n := 1
		for n < len(tried) && tried[n].Operation == tried[0].Operation {
			n++
		}
		found = append(found, x.permission(tried[:n]))
		tried = tried[n:]
	}
	return found, !x.denied["Describe"] && !x.denied["DescribeConfigs"]
}

// permission sums one operation up.
func (x *examination) permission(tried []kafka.Permission) Finding {
	operation, on := tried[0].Operation, resource(tried)
	var denied []string
	var unclear error
	for _, p := range tried {
		switch {
		case errors.Is(p.Err, kafka.ErrDenied):
			denied = append(denied, cmp.Or(p.Topic, "the cluster"))
		case p.Err != nil:
			unclear = p.Err
		}
	}
	switch {
	case len(denied) > 0:
		x.denied[operation] = true
		return x.forbidden(operation, fmt.Sprintf("not authorised on %s", some(denied, len(tried))))
	case unclear != nil:
		return warn(acl, operation, fmt.Errorf("it could not be told whether it is allowed on %s: %w", on, unclear), "see what the brokers' own logs say")
	}
	return ok(acl, operation, "allowed on %s", on)
}

func (x *examination) forbidden(operation, found string) Finding {
	grant := x.grant(operation)
	if managing[operation] {
		return warn(acl, operation, found, "serve cannot make or adjust topics: grant it, or set topics.manage to false and make the topics yourself (`qlik-bridge topics plan` says which): "+grant)
	}
	return fail(acl, operation, found, "grant it: "+grant+" (an ACL that denies wins: `kafka-acls --list`)")
}

// grant is the command that gives a right on all topics of the bridge.
func (x *examination) grant(operation string) string {
	on := fmt.Sprintf("--topic '%s' --resource-pattern-type prefixed", x.Config.Topics.Prefix)
	switch {
	case operation == "IdempotentWrite":
		on = "--cluster"
	case x.Config.Topics.Prefix == "":
		on = "--topic '*'"
	}
	return fmt.Sprintf("kafka-acls --add --allow-principal 'User:%s' --operation %s %s", cmp.Or(x.Config.Kafka.SASL.Username, "…"), operation, on)
}

func resource(tried []kafka.Permission) string {
	if tried[0].Topic == "" {
		return "the cluster"
	}
	return fmt.Sprintf("%d topics", len(tried))
}

// some names the first of a list, and how many there are of how many.
func some(names []string, of int) string {
	const most = 3
	if of == 1 {
		return names[0]
	}
	text := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		text += ", …"
	}
	return fmt.Sprintf("%d of %d topics (%s)", len(names), of, text)
}
