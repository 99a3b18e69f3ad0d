// Command consumer-directory is a reference consumer: it shows how at least once becomes exactly once where the work is a transaction. It
// keeps a directory of users in PostgreSQL: who is new is added, who is changed is changed, who is removed is removed. The id of the event
// is written in the same transaction, so an event that comes again changes nothing, whatever died in between.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

const about = `consumer-directory keeps the table "directory" of a PostgreSQL database as the users of the tenant are. It makes its tables where they are
missing, and goes on until it is interrupted.

  consumer-directory -database 'host=/run/postgresql dbname=qlik'
`

func main() {
	brokers := flag.String("brokers", "127.0.0.1:9092", "seed brokers, host:port, comma-separated")
	prefix := flag.String("prefix", "qlik.", "what the name of every topic begins with")
	group := flag.String("group", "consumer-directory", "consumer group; a new one begins at the oldest event that Kafka has")
	database := flag.String("database", "", "connection string or URL, without the password; what it leaves out say PGHOST, PGDATABASE, PGPASSFILE…, as for psql")
	flag.Usage = func() { fmt.Fprint(flag.CommandLine.Output(), about, "\n"); flag.PrintDefaults() }
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	c := consumer.Config{Kafka: kafka.DefaultConfig(), Topics: topics.DefaultConfig(), Group: *group}
	c.Kafka.Brokers, c.Topics.Prefix = strings.Split(*brokers, ","), *prefix
	if err := run(ctx, c, *database); err != nil {
		fmt.Fprintln(os.Stderr, "consumer-directory:", err)
		os.Exit(1)
	}
}

//go:embed schema.sql
var schema string

// run blocks until ctx ends, and returns nil after a clean stop.
func run(ctx context.Context, c consumer.Config, database string) error {
	d, err := open(ctx, database)
	if err != nil {
		return err
	}
	defer d.pool.Close()
	c.Types = []string{"com.qlik.core.user.created", "com.qlik.core.user.provisioned", "com.qlik.core.user.updated", removed} // and their older names
	reader, err := consumer.New(c, d.apply, consumer.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	return reader.Run(ctx)
}

const removed = "com.qlik.core.user.deleted"

// directory is the external system.
type directory struct{ pool *pgxpool.Pool }

// open connects and makes the tables where they are missing.
func open(ctx context.Context, database string) (*directory, error) {
	pool, err := pgxpool.New(ctx, database)
	if err != nil {
		return nil, fmt.Errorf("-database: %w", err)
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { // locked, since two that begin together would make the same tables
		_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('consumer-directory')); "+schema)
		return err
	})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("making the tables: %w", err)
	}
	return &directory{pool}, nil
}

// user is what an event says of one; what it leaves out stays as it is.
type user struct{ ID, Name, Email, Status string }

// apply handles one event. What the database fails at is not the event's fault, which waits until it is mended; only a value that PostgreSQL
// cannot keep (class 22, data exception) will not do another time either.
func (d *directory) apply(ctx context.Context, e event.Event) error {
	var u user
	if err := e.DataAs(&u); err != nil {
		return consumer.Refuse(err)
	}
	if u.ID == "" { // Qlik sends an update now and then that names the changes alone
		return consumer.Refuse(errors.New("the event does not say which user"))
	}
	err := pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error { return write(ctx, tx, e, u) })
	var refused *pgconn.PgError
	if errors.As(err, &refused) && strings.HasPrefix(refused.Code, "22") {
		return consumer.Refuse(err)
	}
	return consumer.Hold(err) // of nil: done
}

// write takes the event down and does what it says, in one transaction. It does nothing where the event was taken down before, or where
// something was that happened to the user later.
func write(ctx context.Context, tx pgx.Tx, e event.Event, u user) error {
	done, err := tx.Exec(ctx, `INSERT INTO handled (source, event, "user", happened) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		e.Source(), e.ID(), u.ID, e.Time())
	if err != nil || done.RowsAffected() == 0 {
		return err
	}
	const latest = ` NOT EXISTS (SELECT FROM handled WHERE "user" = $1 AND happened > $2)`
	if today(e) == removed {
		_, err = tx.Exec(ctx, `DELETE FROM directory WHERE id = $1 AND`+latest, u.ID, e.Time())
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO directory AS old (id, name, email, status)
		SELECT $1, nullif($3, ''), nullif($4, ''), nullif($5, '') WHERE`+latest+`
		ON CONFLICT (id) DO UPDATE SET name = coalesce(excluded.name, old.name), email = coalesce(excluded.email, old.email),
			status = coalesce(excluded.status, old.status)`, u.ID, e.Time(), u.Name, u.Email, u.Status)
	return err
}

// today is today's name of the event's type, which the bridge adds where Qlik has renamed it.
func today(e event.Event) string {
	name, _ := e.Extensions()["qliktype"].(string)
	return cmp.Or(name, e.Type())
}
