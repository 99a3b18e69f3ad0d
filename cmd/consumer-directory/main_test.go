package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
	"qlikbridge/bridge/apptest"
	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/kafka"
)

// in is the directory, row by row.
const in = `SELECT id, name, email, status FROM directory ORDER BY id`

// TestDirectoryFollowsTheUsers posts what happens to three users, and asserts that
//   - the directory is as the users are in the end
//   - two groups that handle every event at the same time, into one database, change nothing about that
//   - nor does a third that handles all of it again
func TestDirectoryFollowsTheUsers(t *testing.T) {
	database := newDatabase(t)
	b := apptest.Start(t)
	happened := []event.Event{
		happen("com.qlik.core.user.created", 1, user{"u-1", "Ann", "ann@example.com", "invited"}),
		happen("com.qlik.v1.user.created", 2, user{"u-2", "Bob", "bob@example.com", "active"}),
		happen("com.qlik.core.user.provisioned", 3, user{"u-3", "Cid", "cid@example.com", "provisioned"}),
		happen("com.qlik.core.user.updated", 4, user{"u-1", "Ann B.", "ann@example.com", "active"}),
		happen("com.qlik.v1.user.deleted", 5, user{"u-2", "Bob", "bob@example.com", "active"}),
		happen("com.qlik.core.user.deleted", 6, user{"u-4", "Dot", "dot@example.com", "active"}), // whom it never knew
	}
	for _, e := range happened {
		post(t, b, e)
	}
	b.Sample(t, "com.qlik.app.created", bridge.CloudEvents)
	want := []string{"u-1 Ann B. ann@example.com active", "u-3 Cid cid@example.com provisioned"}
	for _, groups := range [][]string{{"one", "two"}, {"three"}} {
		for _, group := range groups {
			stop := start(t, b, database, group)
			defer stop()
		}
		for _, group := range groups {
			b.AwaitCaughtUp(t, group, "qlik.users")
		}
		if got := query(t, database, `SELECT count(*) FROM handled`)[0]; got != fmt.Sprint(len(happened)) {
			t.Errorf("got %s events taken down, want %d", got, len(happened))
		}
		if diff := cmp.Diff(want, query(t, database, in)); diff != "" {
			t.Errorf("directory after groups %v (-want +got):\n%s", groups, diff)
		}
	}
}

// Events of one user may come late: several bridges do not wait for each other. What happened last holds.
func TestLateEvents(t *testing.T) {
	created, updated, deleted := "com.qlik.core.user.created", "com.qlik.core.user.updated", "com.qlik.core.user.deleted"
	ann, ben := user{"u-1", "Ann", "ann@example.com", "active"}, user{"u-1", "Ben", "ben@example.com", "active"}
	tests := []struct {
		name  string
		apply []event.Event
		want  []string
	}{
		{"an update after a newer one", []event.Event{happen(created, 1, ann), happen(updated, 3, ben), happen(updated, 2, ann)}, []string{"u-1 Ben ben@example.com active"}},
		{"an update after the removal", []event.Event{happen(created, 1, ann), happen(deleted, 3, ann), happen(updated, 2, ben)}, []string{}},
		{"a removal after a newer update", []event.Event{happen(updated, 3, ben), happen(deleted, 2, ann)}, []string{"u-1 Ben ben@example.com active"}},
		{"a removal that comes again after a newer update", []event.Event{happen(deleted, 1, ann), happen(created, 2, ben), happen(deleted, 1, ann)}, []string{"u-1 Ben ben@example.com active"}},
		{"an update that leaves out all but the status", []event.Event{happen(created, 1, ann), happen(updated, 2, user{ID: "u-1", Status: "disabled"})}, []string{"u-1 Ann ann@example.com disabled"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			database := newDatabase(t)
			d := connect(t, database)
			for _, e := range tt.apply {
				if err := d.apply(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tt.want, query(t, database, in)); diff != "" {
				t.Errorf("directory (-want +got):\n%s", diff)
			}
		})
	}
}

// What no directory can take becomes a dead letter of the group, and the events behind it are handled.
func TestEventsThatCannotBeApplied(t *testing.T) {
	database := newDatabase(t)
	b := apptest.Start(t)
	post(t, b, happen("com.qlik.core.user.created", 1, user{ID: "u-1", Name: "A\x00nn"}))
	post(t, b, happen("com.qlik.core.user.updated", 2, user{Name: "nobody knows who"}))
	post(t, b, happen("com.qlik.core.user.updated", 3, user{ID: "u-1", Name: "Ann", Email: "ann@example.com", Status: "active"}))
	stop := start(t, b, database, "consumer-directory")
	defer stop()
	errors := ""
	for _, letter := range b.Records(t, "qlik.dead-letter.consumer-directory", 2) {
		errors += letter.Header("error") + "\n"
	}
	for _, want := range []string{"22021", "does not say which user"} {
		if !strings.Contains(errors, want) {
			t.Errorf("got errors %q, want %q among them", errors, want)
		}
	}
	b.AwaitCaughtUp(t, "consumer-directory", "qlik.users")
	if diff := cmp.Diff([]string{"u-1 Ann ann@example.com active"}, query(t, database, in)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

// A database that takes no connections is not the event's fault: the event waits, however often it is tried, and is handled when they are taken.
func TestDatabaseAway(t *testing.T) {
	database := newDatabase(t)
	b, d := apptest.Start(t), connect(t, database)
	c, attempts := config(b, "consumer-directory"), make(chan error, 1000)
	c.Types = []string{removed}
	reader, err := consumer.New(c, func(ctx context.Context, e event.Event) error {
		err := d.apply(ctx, e)
		attempts <- err
		return err
	}, consumer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer background(t, reader.Run)()
	query(t, database, `INSERT INTO directory (id) VALUES ('u-1')`)
	letIn(t, database, false)
	post(t, b, happen(removed, 1, user{ID: "u-1"}))
	for range 7 { // more than an event is given
		if err := <-attempts; err == nil {
			t.Fatal("got the event handled, want it to wait")
		}
	}
	letIn(t, database, true)
	b.AwaitCaughtUp(t, "consumer-directory", "qlik.users")
	if got := query(t, database, in); len(got) != 0 {
		t.Errorf("got directory %q, want it empty", got)
	}
}

// happen is an event of so many seconds past midnight. Its id is its time.
func happen(typ string, second int, u user) event.Event {
	e := event.New()
	e.SetType(typ)
	e.SetID(fmt.Sprint(second))
	e.SetSource("com.qlik/identities")
	e.SetTime(time.Date(2026, 11, 25, 0, 0, second, 0, time.UTC))
	data := map[string]string{}
	for name, value := range map[string]string{"id": u.ID, "name": u.Name, "email": u.Email, "status": u.Status} {
		if value != "" {
			data[name] = value
		}
	}
	if err := e.SetData(event.ApplicationJSON, data); err != nil {
		panic(err)
	}
	return e
}

func post(t *testing.T, b *apptest.Bridge, e event.Event) {
	t.Helper()
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	b.Post(t, body)
}

func connect(t *testing.T, database string) *directory {
	t.Helper()
	d, err := open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.pool.Close)
	return d
}

func config(b *apptest.Bridge, group string) consumer.Config {
	c := consumer.Config{Kafka: kafka.DefaultConfig(), Group: group, Retry: consumer.Retry{First: time.Millisecond, Most: time.Millisecond}}
	c.Kafka.Brokers = b.Brokers()
	return c
}

// start runs the consumer until stop is called.
func start(t *testing.T, b *apptest.Bridge, database, group string) (stop func()) {
	t.Helper()
	return background(t, func(ctx context.Context) error { return run(ctx, config(b, group), database) })
}

// background runs it until stop is called, which fails the test where it does not end well.
func background(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("got error %v, want a clean stop", err)
		}
	}
}
