package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
)

// Kill ends node i with SIGKILL and returns when the process is gone. The cluster notices after its
// broker.session.timeout.ms (9 s). To kill a dead node is no error.
func (c *Cluster) Kill(i int) error {
	n, err := c.node(i)
	if err != nil {
		return err
	}
	n.kill()
	return nil
}

// Pause stops node i with SIGSTOP: its connections stay open and nothing answers. Resume lets it go on.
func (c *Cluster) Pause(i int) error { return c.signal(i, syscall.SIGSTOP) }

// Resume undoes Pause.
func (c *Cluster) Resume(i int) error { return c.signal(i, syscall.SIGCONT) }

// Restart starts node i with its ports and its data, after a clean stop (SIGTERM) where it runs, and blocks until it
// answers and sees itself.
func (c *Cluster) Restart(ctx context.Context, i int) error {
	n, err := c.node(i)
	if err != nil {
		return err
	}
	n.terminate()
	if err := n.start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := waitReady(ctx, []string{n.addr}, 1, n.died); err != nil {
		return fmt.Errorf("restarting node %d: %w\n%s", i, err, n.logEnd())
	}
	return nil
}

// InSync blocks until all nodes are there and no partition of any topic lacks a replica: after a fault, the moment from
// which the cluster stands the next one. It works with every provider.
func (c *Cluster) InSync(ctx context.Context) error {
	return poll(ctx, alive, func() error {
		if err := ready(ctx, c.brokers, len(c.brokers)); err != nil {
			return err
		}
		return inSync(ctx, c.brokers)
	})
}

func (c *Cluster) signal(i int, s syscall.Signal) error {
	n, err := c.node(i)
	if err != nil {
		return err
	}
	return n.signal(s)
}

// node returns node i, counted as in Brokers, which is also its node.id.
func (c *Cluster) node(i int) (*node, error) {
	if len(c.nodes) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoFaults, c.provider)
	}
	if i < 0 || i >= len(c.nodes) {
		return nil, fmt.Errorf("kafkatest: no node %d among %d", i, len(c.nodes))
	}
	return c.nodes[i], nil
}

// each runs fn for all nodes at once: of three JVMs, each waits for the others anyway.
func (c *Cluster) each(fn func(*node) error) error {
	errs := make([]error, len(c.nodes))
	var all sync.WaitGroup
	for i, n := range c.nodes {
		all.Go(func() { errs[i] = fn(n) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (c *Cluster) killAll() {
	for _, n := range c.nodes {
		n.kill()
	}
}

// died returns the first error of a node that has ended.
func (c *Cluster) died() error {
	for _, n := range c.nodes {
		if err := n.died(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) logEnds() string {
	var all []string
	for _, n := range c.nodes {
		all = append(all, n.logEnd())
	}
	return strings.Join(all, "\n")
}
