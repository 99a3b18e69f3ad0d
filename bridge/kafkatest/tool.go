package kafkatest

import (
	"context"
	"fmt"
	"os/exec"
	"time"
)

// toolWithin is the deadline of one of Kafka's commands: a JVM that starts beside a cluster and a build takes seconds.
const toolWithin = time.Minute

// ConsumerGroups is the class of kafka-consumer-groups.sh.
const ConsumerGroups = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"

// Tool runs one of Kafka's own commands, named by its class, and returns all that it wrote, so that what we do can be compared with what Kafka
// does. It blocks until the command ends, at most a minute. Errors that say that the machine cannot run it wrap ErrUnavailable.
func Tool(ctx context.Context, class string, args ...string) (string, error) {
	classPath, err := jars(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, toolWithin)
	defer cancel()
	java := []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-cp", classPath, class}
	cmd := exec.CommandContext(ctx, "java", append(java, args...)...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %v: %w\n%s", class, args, err, end(out))
	}
	return string(out), nil
}
