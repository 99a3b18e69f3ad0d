// Command k8s-test proves the chart on a real Kubernetes, the one that KUBECONFIG names: it installs the chart with two pods, posts signed
// events through the Service with a ledger, and while they flow rolls an upgrade, rotates the signing secret, kills a pod and a process;
// then the same with a spool on volumes while Kafka is away; and uninstalls. Then it compares the ledgers with everything that is in Kafka,
// prints one table, and fails where a line of it does.
//
// Kafka runs outside of the cluster as processes of this machine, at an address that pods reach (-kafka-host). The load comes from this
// machine as well, through the Service's port on the node: a ClusterIP whose rules are just being written leads out of the machine. Run it on
// the node, since it asks pods for metrics and kills a process. Whatever it made is removed at the end, with its namespace.
//
// One file per thing that happens: install, upgrade, rotate, kill, spool, deliver. What they share: rig (all of it), release (one
// installation and its load), kube (kubectl and helm), table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// options are the flags; the environment has defaults for them.
type options struct {
	kafkaHost string // address of this machine that pods reach
	node      string // its address; "": what the first node says of itself
	image     string // NAME:TAG, the same on every node
	archive   string // of the image; "": docker save makes one where load wants it
	load      string // command that loads an image archive; "": the nodes have the image
	helm      string
	run       string // "plain" or "spool" alone; "": both
	rate      int
	timeout   time.Duration
}

func main() {
	opt, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, "k8s-test:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, opt.timeout)
	defer cancel()
	if err := run(ctx, opt); err != nil {
		fmt.Fprintln(os.Stderr, "k8s-test:", err)
		cancel()
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var opt options
	flags := flag.NewFlagSet("k8s-test", flag.ContinueOnError)
	flags.StringVar(&opt.kafkaHost, "kafka-host", os.Getenv("KAFKA_HOST"), "address of this machine that pods reach (KAFKA_HOST)")
	flags.StringVar(&opt.node, "node", os.Getenv("NODE_HOST"), "address of a node, for the Service's port there (NODE_HOST; default: the first one's internal address)")
	flags.StringVar(&opt.image, "image", or("IMAGE", "qlik-bridge:dev"), "image of the bridge (IMAGE)")
	flags.StringVar(&opt.archive, "archive", os.Getenv("IMAGE_ARCHIVE"), "file with the image, instead of docker save (IMAGE_ARCHIVE)")
	flags.StringVar(&opt.load, "load", os.Getenv("LOAD_IMAGE"), "command that loads such a file into the nodes (LOAD_IMAGE); none: they have the image")
	flags.StringVar(&opt.helm, "helm", or("HELM", "helm"), "helm (HELM)")
	flags.StringVar(&opt.run, "run", "", "plain or spool alone; both without it")
	flags.IntVar(&opt.rate, "rate", 200, "events per second")
	flags.DurationVar(&opt.timeout, "timeout", 15*time.Minute, "for all of it")
	if err := flags.Parse(args); err != nil {
		return opt, err
	}
	return opt, opt.validate(flags.Args())
}

func (opt options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case opt.run != "" && opt.run != plain && opt.run != spool:
		return fmt.Errorf("-run %q: %s or %s", opt.run, plain, spool)
	case opt.rate < 50 || opt.rate > 2000:
		return fmt.Errorf("-rate %d: from 50 to 2000", opt.rate)
	case !regexp.MustCompile(`:[^:/]+$`).MatchString(opt.image):
		return fmt.Errorf("-image %q: NAME:TAG", opt.image)
	case os.Getenv("KUBECONFIG") == "":
		return errors.New("KUBECONFIG is not set; it names the Kubernetes to try the chart on")
	case opt.kafkaHost == "":
		return errors.New("-kafka-host (KAFKA_HOST) is not set: the address of this machine that pods reach, such as that of the bridge they are on")
	}
	return nil
}

func or(variable, standard string) string {
	if v := os.Getenv(variable); v != "" {
		return v
	}
	return standard
}
