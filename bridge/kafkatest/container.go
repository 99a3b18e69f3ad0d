package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/netip"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
)

const (
	// containerLabel finds the containers of killed tests: docker ps -aq --filter label=qlikbridge.kafkatest=true
	containerLabel = "qlikbridge.kafkatest"
	containerPort  = "9092/tcp"
	// startScript is waited for inside: the advertised address is known only after the container has started.
	startScript = "/tmp/kafkatest-start.sh"
)

// contain runs the container, and on an error leaves none.
func (c *Cluster) contain(ctx context.Context, opts Options, image string) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	ctr, err := testcontainers.Run(ctx, image, containerOptions(opts)...)
	c.stop = func() error { return testcontainers.TerminateContainer(ctr, testcontainers.StopTimeout(0)) }
	if err == nil {
		err = c.await(ctx, ctr)
	}
	if err != nil {
		return errors.Join(err, c.Close())
	}
	return nil
}

func containerOptions(opts Options) []testcontainers.ContainerCustomizer {
	// Its last line is waited for: a file that is there may not be complete, nor closed.
	wait := fmt.Sprintf("until grep -qs ^exec %[1]s; do sleep 0.1; done; exec sh %[1]s", startScript)
	return []testcontainers.ContainerCustomizer{
		testcontainers.WithEntrypoint("sh", "-c"),
		testcontainers.WithCmd(wait),
		testcontainers.WithExposedPorts(containerPort),
		testcontainers.WithHostConfigModifier(onLoopback),
		testcontainers.WithLabels(map[string]string{containerLabel: "true"}),
		testcontainers.WithEnv(containerEnv(opts)),
		testcontainers.WithLogger(log.New(io.Discard, "", 0)), // the test says what runs
		testcontainers.WithLifecycleHooks(testcontainers.ContainerLifecycleHooks{
			PostStarts: []testcontainers.ContainerHook{advertise},
		}),
	}
}

// onLoopback binds a random port of this machine only. Docker's default is every interface.
func onLoopback(h *container.HostConfig) {
	h.PortBindings = network.PortMap{
		network.MustParsePort(containerPort): {{HostIP: netip.MustParseAddr("127.0.0.1")}},
	}
}

// containerEnv has all properties: with one given, the image's own defaults are off. The inter-broker listener is a second one,
// since the advertised port of the first is not one on which the container reaches itself.
func containerEnv(opts Options) map[string]string {
	properties := with(replication(1), quorum(0, []string{"localhost:29093"}), map[string]string{
		"listeners":                      "PLAINTEXT://:9092,BROKER://:19092,CONTROLLER://:29093",
		"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"inter.broker.listener.name":     "BROKER",
		"controller.listener.names":      "CONTROLLER",
	}, opts.Properties)
	name := strings.NewReplacer("_", "__", "-", "___", ".", "_")
	env := map[string]string{"CLUSTER_ID": clusterID}
	for k, v := range properties {
		env["KAFKA_"+strings.ToUpper(name.Replace(k))] = v
	}
	java := javaOptions(opts)
	env["KAFKA_HEAP_OPTS"], env["KAFKA_JVM_PERFORMANCE_OPTS"] = java[0], strings.Join(java[1:], " ")
	return env
}

// advertise lets the broker start, under the address that the machine's port turned out to be.
func advertise(ctx context.Context, ctr testcontainers.Container) error {
	plain, err := ctr.PortEndpoint(ctx, containerPort, "PLAINTEXT")
	if err != nil {
		return err
	}
	script := "export KAFKA_ADVERTISED_LISTENERS=" + plain + ",BROKER://localhost:19092\nexec /etc/kafka/docker/run\n"
	return ctr.CopyToContainer(ctx, []byte(script), startScript, 0o644)
}

// await fills in the address and waits until the broker answers there.
func (c *Cluster) await(ctx context.Context, ctr *testcontainers.DockerContainer) error {
	addr, err := ctr.PortEndpoint(ctx, containerPort, "")
	if err != nil {
		return err
	}
	c.brokers = []string{addr}
	died := func() error {
		if s, err := ctr.State(ctx); err == nil && !s.Running {
			return fmt.Errorf("the container ended with status %d", s.ExitCode)
		}
		return nil
	}
	if err := waitReady(ctx, c.brokers, 1, died); err != nil {
		return fmt.Errorf("%w\nits log ends:\n%s", err, containerLog(ctr))
	}
	return nil
}

// containerLog has a deadline of its own: it is asked for when that of the start has passed.
func containerLog(ctr *testcontainers.DockerContainer) []byte {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	logs, err := ctr.Logs(ctx)
	if err != nil {
		return []byte(err.Error())
	}
	defer logs.Close()
	out, _ := io.ReadAll(logs)
	return end(out)
}
