package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/kafka"
)

// refuse lets a group set aside the next n events of the topics of apps; every one of type deleted is tried in vain, the others are refused.
func (a aside) refuse(t *testing.T, group string, n uint64) {
	t.Helper()
	config := consumer.Config{Kafka: kafka.DefaultConfig(), Group: group, Families: []string{"apps"}, Retry: consumer.Retry{Attempts: 2, First: time.Millisecond, Most: time.Millisecond}}
	config.Kafka.Brokers = a.kafka.Brokers()
	handle := func(_ context.Context, e event.Event) error {
		if strings.HasSuffix(e.Type(), ".deleted") {
			return errors.New("it is \x1b[31mill")
		}
		return consumer.Refuse(errors.New("no such app"))
	}
	c, err := consumer.New(config, handle, consumer.Options{})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	eventually(t, "events set aside", func() bool { return c.Stats().DeadLettered == n })
	cancel()
	must(t, <-ended)
}

// TestDeadLetterGroup asserts that what a group has set aside is listed with why and from where, by the same filters, and shown byte for byte; that nothing of it is
// left that a terminal would obey; and which groups are named where there is no such group.
func TestDeadLetterGroup(t *testing.T) {
	t.Parallel()
	a := startAside(t)
	a.put(t, "no_type", appEvent("e-0"))
	a.put(t, "no_type", strings.Replace(appEvent("e-1"), "created", "deleted", 1))
	a.run(t, "requeue", "--all", "--execute").expect(t, 0, "2 dead letters requeued")
	a.refuse(t, "qlik.deliver.crm", 2)
	group := []string{"list", "--group", "qlik.deliver.crm"}

	got := a.run(t, group...)
	got.expect(t, 0, "FAILED", "qlik.apps/", "refused", "attempts_exhausted", "com.qlik.app.created", "e-0", "e-1", "no such app", `it is \x1b[31mill`,
		"2 dead letters: attempts_exhausted 1, refused 1\n")
	if strings.ContainsRune(got.out, '\x1b') {
		t.Errorf("got %q, want it escaped", got.out)
	}
	for _, tt := range []struct{ id, filter string }{{"e-0", "--reason=refused"}, {"e-0", "--type=com.qlik.app.created"}, {"e-1", "--id=e-1"}, {"", "--since=2999-01-01T00:00:00Z"}, {"", "--until=1h"}} {
		a.checkOfGroup(t, append(group, tt.filter, "--output=json"), tt.id)
	}
	shown := a.run(t, "show", "--group", "qlik.deliver.crm", "--id", "e-0")
	shown.expect(t, 0, "group: qlik.deliver.crm\nreason: refused\n", "requeued-from: qlik.dead-letter/0/0\n")
	if !json.Valid([]byte(shown.out)) || !strings.Contains(shown.out, `"data":{"id":"e-0"}`) {
		t.Errorf("got %s, want the event as it is", shown.out)
	}
	a.run(t, "list", "--group", "qlik.deliver.cmr").expect(t, 1, "topic qlik.dead-letter.qlik.deliver.cmr", "no group of that name has set events aside; there is qlik.deliver.crm")
	a.run(t, append(group, "--reason=batch")...).expect(t, 2, "--reason batch: one of invalid_event, refused, attempts_exhausted")
	a.run(t, append(group, "--source=qlik")...).expect(t, 2, "--source", "--group")
	a.run(t, "requeue", "--group", "qlik.deliver.crm", "--all").expect(t, 2, "--group")
}

// checkOfGroup runs a list that has one dead letter, that of an event with an id; "": none.
func (a aside) checkOfGroup(t *testing.T, args []string, id string) {
	t.Helper()
	got := a.run(t, args...)
	got.expect(t, 0)
	if id == "" {
		if got.out != "" {
			t.Errorf("%v: got %s, want none", args, got.out)
		}
		return
	}
	var l struct {
		Group, From, ID, Reason, Received string
		Attempts                          int
		Failed                            time.Time
	}
	must(t, json.Unmarshal([]byte(got.out), &l))
	attempts := map[string]int{"refused": 1, "attempts_exhausted": 2}[l.Reason]
	if l.ID != id || l.Group != "qlik.deliver.crm" || !strings.HasPrefix(l.From, "qlik.apps/") || l.Attempts != attempts || time.Since(l.Failed) > time.Hour || l.Received != "" {
		t.Errorf("%v: got %s, want the one of %s", args, got.out, id)
	}
}
