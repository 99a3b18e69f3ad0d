package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	unix "os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// cluster is a PostgreSQL for this test run alone: its files are in a directory that is removed, and it listens on a socket in there.
type cluster struct {
	dir  string
	stop func()

	databases atomic.Int64 // made so far
}

var (
	// shared is started by the first test that needs it.
	shared  = sync.OnceValues(startCluster)
	started *cluster
)

// errAbsent says how PostgreSQL is installed.
var errAbsent = errors.New("no PostgreSQL: apt-get install postgresql, or have initdb in the PATH")

func TestMain(m *testing.M) {
	code := m.Run()
	if started != nil {
		started.stop()
	}
	os.Exit(code)
}

func startCluster() (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg-") // short: the path of a socket may have 107 bytes
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, stop: func() { _ = os.RemoveAll(dir) }}
	if err := c.start(bin); err != nil {
		c.stop()
		return nil, err
	}
	started = c
	return c, nil
}

// binaries finds them in the PATH, or where Debian puts them.
func binaries() (dir string, err error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errAbsent
	}
	return filepath.Dir(found[len(found)-1]), nil
}

func (c *cluster) start(bin string) error {
	owner, err := unprivileged()
	if err != nil {
		return err
	}
	if owner != nil {
		if err := os.Chown(c.dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	attributes := &syscall.SysProcAttr{Credential: owner}
	made := exec.Command(filepath.Join(bin, "initdb"), "-D", c.dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	made.Dir, made.SysProcAttr = c.dir, attributes
	if said, err := made.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, said)
	}
	// The shell ends the server when its standard input ends, which it does with this process, however that dies.
	server := exec.Command("sh", "-c", `"$0" "$@" & cat >/dev/null; kill -INT $!; wait $!`,
		filepath.Join(bin, "postgres"), "-D", c.dir+"/data", "-k", c.dir, "-c", "listen_addresses=", "-c", "fsync=off")
	server.Dir, server.SysProcAttr = c.dir, attributes
	in, err := server.StdinPipe()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(c.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return err
	}
	remove := c.stop
	c.stop = func() { _ = in.Close(); _ = server.Wait(); remove() }
	return c.await(log.Name())
}

// unprivileged is whom root becomes, since PostgreSQL refuses to run as root; nil for everybody else.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := unix.Lookup("postgres")
	if err != nil {
		u, err = unix.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err, err2)
}

// await waits until it takes connections, 30 s at most.
func (c *cluster) await(log string) error {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		connection, err := pgx.Connect(context.Background(), c.database("postgres"))
		if err == nil {
			return connection.Close(context.Background())
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log)
			return fmt.Errorf("PostgreSQL takes no connections after 30 s: %w\n%s", err, said)
		}
	}
}

func (c *cluster) database(name string) string {
	return fmt.Sprintf("host=%s user=postgres dbname=%s", c.dir, name)
}

// newDatabase makes an empty one for a test and returns how to connect to it. It skips the test where PostgreSQL is not installed;
// REQUIRE_POSTGRES=1 makes that a failure.
func newDatabase(t *testing.T) string {
	t.Helper()
	c, err := shared()
	if errors.Is(err, errAbsent) && os.Getenv("REQUIRE_POSTGRES") != "1" {
		t.Skip("SKIP: " + err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d", c.databases.Add(1))
	query(t, c.database("postgres"), `CREATE DATABASE "`+name+`"`)
	return c.database(name)
}

// query returns the rows, tabs between the columns.
func query(t *testing.T, database, sql string) []string {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	rows, err := pool.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		return strings.TrimSuffix(fmt.Sprintln(values...), "\n"), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// letIn opens a database to connections, or closes it and ends those that it has.
func letIn(t *testing.T, database string, open bool) {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(database, c.database(""))
	query(t, c.database("postgres"), fmt.Sprintf(`ALTER DATABASE "%s" ALLOW_CONNECTIONS %t`, name, open))
	if !open {
		query(t, c.database("postgres"), fmt.Sprintf(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'`, name))
	}
}
