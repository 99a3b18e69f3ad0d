package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	startLimit = 60 * time.Second // from exec to ready
	stopLimit  = 20 * time.Second // from SIGTERM to SIGKILL
)

// server is one running process under test.
type server struct {
	name    string
	host    string // host:port of the ingress
	admin   string // host:port of the admin port, empty for the baseline
	pid     int
	started time.Time
	command *exec.Cmd
	exited  chan struct{} // closed when the process is gone
	log     *os.File
}

// site is what all servers of a run share.
type site struct {
	dir     string // of logs, spools and the secret; a server's own folder is named after it
	brokers []string
	secret  []byte
	serve   []string // further flags of the bridge
}

func (s site) secretFile() string { return filepath.Join(s.dir, "secrets") }

// startBridge returns as soon as the process runs: waitReady waits until it is ready.
func (s site) startBridge(binary, name string) (*server, error) {
	host, admin, err := freePorts()
	if err != nil {
		return nil, err
	}
	env := append(withoutBridge(os.Environ()), "QLIK_BRIDGE_LISTEN="+host, "QLIK_BRIDGE_ADMIN_LISTEN="+admin,
		"QLIK_BRIDGE_KAFKA_BROKERS="+strings.Join(s.brokers, ","), "QLIK_BRIDGE_SECRETS_FILE="+s.secretFile(),
		"QLIK_BRIDGE_SPOOL_DIR="+filepath.Join(s.dir, name, "spool"))
	return s.start(&server{name: name, host: host, admin: admin}, env, binary, append([]string{"serve"}, s.serve...)...)
}

// startDeliver is to `qlik-bridge deliver` what startBridge is to the bridge.
func (s site) startDeliver(binary, subscriptions string) (*server, error) {
	_, admin, err := freePorts()
	if err != nil {
		return nil, err
	}
	env := append(withoutBridge(os.Environ()), "QLIK_BRIDGE_ADMIN_LISTEN="+admin, "QLIK_BRIDGE_KAFKA_BROKERS="+strings.Join(s.brokers, ","))
	return s.start(&server{name: "deliver", admin: admin}, env, binary, "deliver", "--deliver-subscriptions-file", subscriptions)
}

// startBaseline is to the baseline what startBridge is to the bridge.
func (s site) startBaseline(binary string) (*server, error) {
	host, _, err := freePorts()
	if err != nil {
		return nil, err
	}
	return s.start(&server{name: "baseline", host: host}, os.Environ(), binary,
		"-listen", host, "-brokers", strings.Join(s.brokers, ","), "-secret-file", s.secretFile())
}

func (s site) start(srv *server, env []string, binary string, args ...string) (*server, error) {
	path, err := filepath.Abs(binary)
	dir := filepath.Join(s.dir, srv.name)
	if err = errors.Join(err, os.MkdirAll(dir, 0o700)); err != nil {
		return nil, err
	}
	if srv.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, err
	}
	c := exec.Command(path, args...)
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, env, srv.log, srv.log
	srv.started, srv.command, srv.exited = time.Now(), c, make(chan struct{})
	if err := c.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", srv.name, err), srv.log.Close())
	}
	srv.pid = c.Process.Pid
	go func() { _ = c.Wait(); close(srv.exited) }()
	return srv, nil
}

// waitReady blocks until the admin port's /readyz answers 200, or the ingress of a server without one accepts connections, and
// returns the time since the start of the process, to 2 ms.
func (srv *server) waitReady(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for !srv.ready(ctx) {
		select {
		case <-srv.exited:
			return 0, fmt.Errorf("%s ended at its start: see %s", srv.name, srv.log.Name())
		case <-ctx.Done():
			return 0, fmt.Errorf("%s is not ready, see %s: %w", srv.name, srv.log.Name(), ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
	return time.Since(srv.started), nil
}

func (srv *server) ready(ctx context.Context) bool {
	if srv.admin == "" {
		conn, err := net.DialTimeout("tcp", srv.host, time.Second)
		return err == nil && conn.Close() == nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+srv.admin+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// stop asks the process to end, kills it after stopLimit, and returns when it is gone.
func (srv *server) stop() {
	_ = srv.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-srv.exited:
	case <-time.After(stopLimit):
		_ = srv.command.Process.Kill()
		<-srv.exited
	}
	_ = srv.log.Close()
}

// freePorts are two loopback addresses that nobody listens on.
func freePorts() (first, second string, err error) {
	a, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer a.Close()
	b, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer b.Close()
	return a.Addr().String(), b.Addr().String(), nil
}

// withoutBridge leaves out what the caller's environment configures: the bridge is measured with its defaults.
func withoutBridge(env []string) []string {
	var kept []string
	for _, e := range env {
		if !strings.HasPrefix(e, "QLIK_BRIDGE_") {
			kept = append(kept, e)
		}
	}
	return kept
}
