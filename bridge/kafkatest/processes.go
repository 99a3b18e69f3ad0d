package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// startWithin is the deadline of a start. On an idle machine it takes 3 to 10 s; tests often share theirs with a build.
const startWithin = 2 * time.Minute

// startProcesses runs Apache Kafka's own classes, each node controller and broker in one.
func startProcesses(ctx context.Context, opts Options) (*Cluster, error) {
	classPath, err := jars(ctx)
	if err != nil {
		return nil, err
	}
	home, remove, err := newHome()
	if err != nil {
		return nil, fmt.Errorf("making a directory for kafka: %w", err)
	}
	c := &Cluster{provider: fmt.Sprintf("apache kafka %s as %d processes", Version, opts.Nodes)}
	c.stop = func() error {
		c.killAll()
		return remove()
	}
	if err := c.launch(ctx, opts, classPath, home); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// launch plans the nodes, starts them all and waits until they are a cluster.
func (c *Cluster) launch(ctx context.Context, opts Options, classPath, home string) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := c.plan(opts, classPath, home); err != nil {
		return err
	}
	if err := c.each(func(n *node) error { return n.formatAndStart(ctx) }); err != nil {
		return err
	}
	if err := waitReady(ctx, c.brokers, len(c.nodes), c.died); err != nil {
		return fmt.Errorf("%w\n%s", err, c.logEnds())
	}
	return nil
}

// plan chooses ports and writes each node's directory; nothing runs after it.
func (c *Cluster) plan(opts Options, classPath, home string) error {
	const perNode = 2 // the plain and the controller's listener
	addrs, err := freePorts(opts.Host, perNode*opts.Nodes+securePorts)
	if err != nil {
		return err
	}
	plain, control := addrs[:opts.Nodes], addrs[opts.Nodes:perNode*opts.Nodes]
	var extra map[string]string
	var format []string
	if opts.Security {
		secure := addrs[perNode*opts.Nodes:]
		if c.security, err = newSecurity(home, secure[0], secure[1]); err != nil {
			return fmt.Errorf("making certificates: %w", err)
		}
		extra, format = c.security.properties(plain[0], control[0]), c.security.formatArgs()
	}
	c.brokers = plain
	java := append(javaOptions(opts), loggingOptions...)
	for i := range opts.Nodes {
		n := &node{id: i, addr: plain[i], dir: filepath.Join(home, "node"+strconv.Itoa(i)), format: format}
		n.data = filepath.Join(n.dir, "data")
		if opts.DataDirs != nil {
			n.data = opts.DataDirs[i]
		}
		n.java = append(java[:len(java):len(java)], "-cp", classPath)
		p := with(replication(opts.Nodes), listeners(plain[i], control[i]), quorum(i, control), n.directories(), extra, opts.Properties)
		if err := n.prepare(p); err != nil {
			return err
		}
		c.nodes = append(c.nodes, n)
	}
	return nil
}

// loggingOptions make the log's lines carry the time of day, to be compared with what a test did.
var loggingOptions = []string{
	"-Dorg.slf4j.simpleLogger.showDateTime=true",
	"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
}

// listeners are those of a node without security.
func listeners(plain, control string) map[string]string {
	return map[string]string{
		"listeners":                      "PLAINTEXT://" + plain + ",CONTROLLER://" + control,
		"advertised.listeners":           "PLAINTEXT://" + plain,
		"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"inter.broker.listener.name":     "PLAINTEXT",
		"controller.listener.names":      "CONTROLLER",
	}
}

// quorum makes every node a voter.
func quorum(id int, control []string) map[string]string {
	var voters []string
	for i, addr := range control {
		voters = append(voters, strconv.Itoa(i)+"@"+addr)
	}
	return map[string]string{
		"node.id":                  strconv.Itoa(id),
		"process.roles":            "broker,controller",
		"controller.quorum.voters": strings.Join(voters, ","),
	}
}
