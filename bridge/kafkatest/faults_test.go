package kafkatest_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/kafkatest"
)

// TestThreeNodesOutliveOne asserts, with the default of min.insync.replicas=2, that
//   - records are acknowledged while any one node is dead, and while one is paused
//   - a node comes back by Restart with the same address, dead or alive before
//   - nothing that was acknowledged is lost
//   - the data is where Options.DataDirs says, and another node becomes controller when that is killed
func TestThreeNodesOutliveOne(t *testing.T) {
	data := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	c := threeNodes(t, data)
	topic := createTopic(t, c, 3)
	// By default franz-go waits 20 s for a broker that is silent.
	impatient := []kgo.Opt{kgo.ProduceRequestTimeout(2 * time.Second), kgo.RequestTimeoutOverhead(time.Second)}
	cl := client(t, c, append(impatient, kgo.DefaultProduceTopic(topic), kgo.ConsumeTopics(topic))...)
	produce(t, cl, "all alive")

	must(t, "kill", c.Kill(0))
	produce(t, cl, "one dead", "one still dead")
	must(t, "restart the dead", c.Restart(within(t, time.Minute), 0))
	must(t, "wait until it has caught up", c.InSync(within(t, time.Minute)))

	must(t, "pause", c.Pause(1))
	produce(t, cl, "one paused")
	must(t, "resume", c.Resume(1))
	must(t, "restart the living", c.Restart(within(t, time.Minute), 1))
	produce(t, cl, "all back")

	must(t, "wait until all have caught up", c.InSync(within(t, time.Minute)))
	controller, err := c.Controller(within(t, time.Minute))
	must(t, "ask for the controller", err)
	must(t, "kill the controller", c.Kill(controller))
	anotherController(t, c, controller)
	for _, dir := range data {
		if left, _ := filepath.Glob(filepath.Join(dir, topic+"-*")); len(left) != 3 {
			t.Errorf("got partitions %v in a data directory, want 3", left)
		}
	}

	if got := consume(t, cl, 5); len(got) != 5 {
		t.Errorf("got %d records, want 5: %q", len(got), got)
	}
}

func anotherController(t *testing.T, c *kafkatest.Cluster, before int) {
	t.Helper()
	ctx := within(t, time.Minute)
	for ctx.Err() == nil {
		if now, err := c.Controller(ctx); err == nil && now != before && now >= 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("node %d is still the controller after its end", before)
}

// TestPauseStallsAndResumeGoesOn asserts that a paused single node acknowledges nothing and keeps its connections, and
// that the same record goes through once it resumes.
func TestPauseStallsAndResumeGoesOn(t *testing.T) {
	c := kafkatest.New(t, kafkatest.Options{Provider: kafkatest.ProviderProcesses})
	topic := createTopic(t, c, 1)
	cl := client(t, c, kgo.DefaultProduceTopic(topic))
	produce(t, cl, "before")
	must(t, "pause", c.Pause(0))
	acked := make(chan error, 1)
	cl.Produce(within(t, time.Minute), kgo.StringRecord("during"), func(_ *kgo.Record, err error) { acked <- err })
	select {
	case err := <-acked:
		t.Errorf("got an answer of a paused broker: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
	must(t, "resume", c.Resume(0))
	must(t, "acknowledge after resume", <-acked)
}

func TestFaultsRefuseWhatIsNotThere(t *testing.T) {
	c := kafkatest.Shared(t)
	named := environment(t, c)
	for name, got := range map[string]error{
		"kill": named.Kill(0), "pause": named.Pause(0), "resume": named.Resume(0), "restart": named.Restart(t.Context(), 0),
	} {
		if !errors.Is(got, kafkatest.ErrNoFaults) {
			t.Errorf("%s of a kafka of somebody else's: got %v, want %v", name, got, kafkatest.ErrNoFaults)
		}
	}
}

// environment reaches c as if somebody else had started it.
func environment(t *testing.T, c *kafkatest.Cluster) *kafkatest.Cluster {
	t.Helper()
	t.Setenv("KAFKA_BROKERS", c.Brokers()[0])
	named, err := kafkatest.Start(context.Background(), kafkatest.Options{Provider: kafkatest.ProviderEnv})
	if err != nil {
		t.Fatalf("starting by KAFKA_BROKERS: %v", err)
	}
	return named
}

// threeNodes has the controller notice a silent broker after 3 s instead of 9, which is all that this test waits for.
func threeNodes(t *testing.T, data []string) *kafkatest.Cluster {
	t.Helper()
	return kafkatest.New(t, kafkatest.Options{Nodes: 3, HeapMiB: 256, DataDirs: data, Properties: map[string]string{
		"broker.session.timeout.ms":    "3000",
		"broker.heartbeat.interval.ms": "500",
	}})
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
