package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// stopLimit is how long a bridge may take from SIGTERM to its end: drain_timeout and a little.
const stopLimit = 30 * time.Second

// bridge is one instance of the bridge: an address and a spool, and the process that is there now, or was.
type bridge struct {
	name          string
	listen, admin string
	spool         string
	logFile       string
	command       func() *exec.Cmd

	process  *process
	peakMB   float64 // of the processes before
	setAside float64 // that the processes before had counted
}

// newBridge starts nothing. settings are environment variables that win over those of the harness.
func newBridge(binary, dir, name string, settings []string) (*bridge, error) {
	listen, err := freeAddress()
	admin, err2 := freeAddress()
	path, err3 := filepath.Abs(binary)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, err
	}
	b := &bridge{name: name, listen: listen, admin: admin, spool: filepath.Join(dir, name+"-spool"), logFile: filepath.Join(dir, name+".log")}
	env := append(withoutBridge(os.Environ()), "QLIK_BRIDGE_LISTEN="+listen, "QLIK_BRIDGE_ADMIN_LISTEN="+admin, "QLIK_BRIDGE_SPOOL_DIR="+b.spool)
	env = append(env, settings...)
	b.command = func() *exec.Cmd {
		c := exec.Command(path, "serve")
		c.Dir, c.Env = dir, env
		return c
	}
	return b, nil
}

func (b *bridge) url() string { return "http://" + b.listen + "/webhooks/qlik" }

// start returns as soon as the process runs.
func (b *bridge) start() error {
	log, err := os.OpenFile(b.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	c := b.command()
	c.Stdout, c.Stderr = log, log
	b.process, err = startProcess(c)
	return err
}

// kill ends the process as a lost machine would, and keeps what it had counted.
func (b *bridge) kill() {
	b.remember()
	b.process.kill()
}

// stop ends the process as Kubernetes does.
func (b *bridge) stop() (time.Duration, int) {
	b.remember()
	return b.process.terminate(stopLimit)
}

func (b *bridge) remember() {
	n, _ := b.metric(spoolSetAside) // one that answers nobody has counted nothing that it could say
	b.setAside += n
	b.process.lookAtMemory()
	b.peakMB = max(b.peakMB, b.process.peakMemory())
}

// died says that the process is gone without having been asked to.
func (b *bridge) died() error {
	if b.process == nil || b.process.running() {
		return nil
	}
	return fmt.Errorf("%s ended by itself (%v): see %s", b.name, b.process.command.ProcessState, filepath.Base(b.logFile))
}

// Addresses come from below kafkatest's and from below those that the system gives to outgoing connections: a bridge that is started again
// must find its own free.
const lowestPort, ports = 11000, 7000

func freeAddress() (string, error) {
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(lowestPort+rand.IntN(ports)))
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("nearly all ports are taken")
}

// withoutBridge leaves out what the caller's environment configures: defaults are what is proved.
func withoutBridge(env []string) []string {
	var kept []string
	for _, e := range env {
		if !strings.HasPrefix(e, "QLIK_BRIDGE_") {
			kept = append(kept, e)
		}
	}
	return kept
}
