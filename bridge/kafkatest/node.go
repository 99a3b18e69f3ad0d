package kafkatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// stopWithin is how long a broker has to hand over its partitions before it is killed.
const stopWithin = 30 * time.Second

// node is one Java process, or the place of one that was killed.
type node struct {
	// Fixed after construction.
	id     int
	addr   string   // of the plain listener
	dir    string   // everything of this node, but perhaps its data
	data   string   // what Kafka keeps
	java   []string // arguments up to the class
	format []string // further arguments of the format step

	mu  sync.Mutex
	run *child // nil before the first start; the last one that ran, afterwards
}

func (n *node) config() string  { return filepath.Join(n.dir, "server.properties") }
func (n *node) logFile() string { return filepath.Join(n.dir, "broker.log") }

func (n *node) directories() map[string]string {
	return map[string]string{"log.dirs": n.data}
}

// prepare writes the node's configuration.
func (n *node) prepare(properties map[string]string) error {
	if err := os.Mkdir(n.dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(n.config(), propertiesFile(properties), 0o600)
}

func (n *node) formatAndStart(ctx context.Context) error {
	args := append([]string{"-XX:TieredStopAtLevel=1"}, n.java...)
	args = append(args, "kafka.tools.StorageTool", "format", "--cluster-id", clusterID, "--config", n.config())
	out, err := exec.CommandContext(ctx, "java", append(args, n.format...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("formatting node %d: %w\n%s", n.id, err, end(out))
	}
	return n.start()
}

// start runs the broker on the node's directory and ports, without waiting for it to answer.
func (n *node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run != nil && n.run.running() {
		return fmt.Errorf("node %d runs already", n.id)
	}
	log, err := os.OpenFile(n.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	cmd := exec.Command("java", append(n.java[:len(n.java):len(n.java)], "kafka.Kafka", n.config())...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = n.dir, log, log
	if n.run, err = startChild(cmd); err != nil {
		return fmt.Errorf("starting node %d: %w", n.id, err)
	}
	return nil
}

// signal fails when the process has ended.
func (n *node) signal(s syscall.Signal) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil || !n.run.running() {
		return fmt.Errorf("node %d does not run", n.id)
	}
	if err := n.run.proc.Signal(s); err != nil {
		return fmt.Errorf("signal %v to node %d: %w", s, n.id, err)
	}
	return nil
}

// kill returns when the process is gone.
func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run != nil {
		n.run.kill()
	}
}

// terminate has the broker hand over and end, and kills one that does not.
func (n *node) terminate() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil || !n.run.running() {
		return
	}
	_ = n.run.proc.Signal(syscall.SIGTERM) // it may end this moment; a paused one gets it when it goes on
	_ = n.run.proc.Signal(syscall.SIGCONT)
	if !n.run.ends(stopWithin) {
		n.run.kill()
	}
}

// died returns an error with the end of the log once the process has ended.
func (n *node) died() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.run == nil || n.run.running() {
		return nil
	}
	how := n.run.result()
	if how == nil {
		how = errors.New("exit status 0")
	}
	return fmt.Errorf("node %d ended: %w", n.id, how)
}

// logEnd is what the broker wrote last, and before that its first error: a broker that gives up writes much more after it.
func (n *node) logEnd() string {
	out, err := os.ReadFile(n.logFile())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("the log of node %d: %s\nit ends:\n%s", n.id, firstError(out), end(out))
}

func firstError(log []byte) []byte {
	at := bytes.Index(log, []byte(" ERROR "))
	if at < 0 {
		return []byte("no error")
	}
	return log[at+1 : min(at+2000, len(log))]
}
