package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"qlikbridge/bridge/proof"
)

// release is one installation of the chart, and the load on it: one ledger from the first event to the last.
type release struct {
	// Fixed.
	*rig
	name   string
	prefix string // of topics
	file   string // of the values
	ledger *proof.Ledger
	seqs   []int // :: thing -> seq of its last event

	values map[string]any
	url    string        // of the Service, once it is installed
	load   *proof.Sender // nil: nobody sends

	disordered bool // two pods had a spool, and one of them used it: order between them is not promised
}

// things that events are of, at once; each has a connection of its own.
const things = 100

func (r *rig) release(name string, values map[string]any) (*release, error) {
	rel := &release{rig: r, name: name, prefix: name + ".", file: filepath.Join(r.dir, name+".values.yaml"), values: values, seqs: make([]int, things)}
	config := map[string]any{}
	if err := yaml.Unmarshal(proof.TopicsConfig(), &config); err != nil {
		return nil, err
	}
	topics, _ := config["topics"].(map[string]any)
	topics["prefix"] = rel.prefix
	config["kafka"] = map[string]any{"brokers": r.kafka.Brokers()}
	values["config"] = config
	colon := strings.LastIndexByte(r.opt.image, ':')
	values["image"] = map[string]any{"repository": r.opt.image[:colon], "tag": r.opt.image[colon+1:]}
	values["fullnameOverride"] = name
	values["service"] = map[string]any{"type": "NodePort"}
	ledger, err := proof.CreateLedger(rel.ledgerFile())
	rel.ledger = ledger
	return rel, err
}

// deploy is helm install or upgrade, with the release's values as they are now.
func (r *release) deploy(ctx context.Context, verb string, args ...string) error {
	text, err := yaml.Marshal(r.values)
	if err == nil {
		err = os.WriteFile(r.file, text, 0o600)
	}
	if err == nil {
		_, err = r.kube.helm(ctx, append([]string{verb, r.name, "helm", "--values", r.file}, args...)...)
	}
	return err
}

func (r *release) ledgerFile() string { return filepath.Join(r.dir, r.name+".ledger") }

// end leaves nothing sending.
func (r *release) end() { _ = errors.Join(r.finish(), r.ledger.Close()) }

func (r *release) send(things, rate int) {
	r.load = &proof.Sender{Run: r.name, URL: r.url, Ledger: r.ledger, Rate: rate, Seqs: r.seqs[:things]}
	r.load.Start()
}

func (r *release) finish() error {
	if r.load == nil {
		return nil
	}
	err := r.load.Finish()
	r.load = nil
	return err
}

// acknowledged waits for n more events that are answered 200.
func (r *release) acknowledged(ctx context.Context, n int64) error {
	from := r.load.Acknowledged.Load()
	return until(ctx, fmt.Sprintf("%d more events are answered 200", n), patience, func() error {
		if got := r.load.Acknowledged.Load() - from; got < n {
			return fmt.Errorf("got %d, and %d attempts refused", got, r.load.Refused.Load())
		}
		return nil
	})
}

// underLoad has something happen while events flow, a while before and after it included, and adds a line to the table. Where faultless, every
// attempt in that time must have been answered 200.
func (r *release) underLoad(ctx context.Context, what string, faultless bool, happens func(context.Context) error) error {
	say("%s: %s", r.name, what)
	began := time.Now()
	r.send(things, r.opt.rate)
	err := r.acknowledged(ctx, 500)
	from := time.Now()
	if err == nil {
		err = happens(ctx)
	}
	took := time.Since(from)
	if err == nil {
		err = r.acknowledged(ctx, 500)
	}
	if err = errors.Join(err, r.finish()); err != nil {
		return fmt.Errorf("%s: %s: %w", r.name, what, err)
	}
	counted, err := r.count(began)
	if err == nil {
		r.table.add(row{release: r.name, what: what, took: took, counts: counted, faultless: faultless})
	}
	return err
}

// count sums up the attempts since a moment.
func (r *release) count(since time.Time) (c counts, err error) {
	attempts, err := proof.ReadLedger(r.ledgerFile())
	for _, a := range attempts {
		if a.Began.Before(since) || a.GivenUp {
			continue
		}
		c.posts++
		switch {
		case a.Acknowledged():
			c.taken++
		case a.Status == 0:
			c.unanswered++
		default:
			c.refused++
		}
		if a.Outcome == "spooled" {
			c.spooled++
		}
		if a.Acknowledged() {
			c.slowest = max(c.slowest, a.Took)
		}
	}
	return c, err
}

// workload is the kind that runs the bridge's pods, and its name.
func (r *release) workload() string {
	if r.name == spool {
		return "statefulset/" + r.name
	}
	return "deployment/" + r.name
}

// settled waits until there are n pods of the bridge, ready and none of them on its way out, and returns their names.
func (r *release) settled(ctx context.Context, n int) (pods []string, err error) {
	if _, err := r.kube.kubectl(ctx, "rollout", "status", r.workload(), "--timeout=120s"); err != nil {
		return nil, err
	}
	err = until(ctx, fmt.Sprintf("%d pods", n), patience, func() error {
		pods, err = r.kube.pods(ctx, r.name, "bridge")
		if err == nil && len(pods) != n {
			err = fmt.Errorf("there are %v", pods)
		}
		return err
	})
	return pods, err
}

// metric is that of a pod.
func (r *release) metric(ctx context.Context, pod, name string, labels ...string) (float64, error) {
	ip, err := r.kube.field(ctx, pod, "{.status.podIP}")
	if err != nil {
		return 0, err
	}
	return proof.Metric(net.JoinHostPort(ip, "9090"), name, labels...)
}
