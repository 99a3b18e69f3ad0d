package consumer_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
)

// memberEnv makes this test binary a member of a group instead: a process of its own, that can be killed.
const memberEnv = "CONSUMER_TEST_MEMBER"

// memberTakes is how long its handler takes for an event.
const memberTakes = 2 * time.Millisecond

// memberConfig is what such a process is told.
type memberConfig struct {
	Brokers       []string
	Prefix, Group string
	Concurrency   int
}

func (m memberConfig) config() consumer.Config {
	h := harness{brokers: m.Brokers, prefix: m.Prefix}
	return h.config(func(c *consumer.Config) { c.Group, c.Concurrency = m.Group, m.Concurrency })
}

// memberMain handles events until it is asked to end, and writes a line for each.
func memberMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var config memberConfig
	err := json.Unmarshal([]byte(os.Getenv(memberEnv)), &config)
	var c *consumer.Consumer
	if err == nil {
		c, err = consumer.New(config.config(), func(_ context.Context, e event.Event) error {
			time.Sleep(memberTakes)
			_, err := fmt.Println(e.ID())
			return err
		}, consumer.Options{})
	}
	if err == nil {
		err = c.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// member is a process.
type member struct {
	*exec.Cmd
	handled book // by this one
	ended   chan error
}

// startMember starts a process, whose events are noted in all as well, until the end of the test.
func startMember(t *testing.T, c memberConfig, all *book) *member {
	t.Helper()
	config, err := json.Marshal(c)
	must(t, "write the configuration", err)
	m := &member{Cmd: exec.Command(os.Args[0]), ended: make(chan error, 1)}
	m.Env, m.Stderr = append(os.Environ(), memberEnv+"="+string(config)), os.Stderr
	out, err := m.StdoutPipe()
	must(t, "make a pipe", err)
	must(t, "start a member", m.Start())
	var reading sync.WaitGroup
	reading.Go(func() { m.follow(out, all) })
	go func() { reading.Wait(); m.ended <- m.Wait(); close(m.ended) }()
	t.Cleanup(func() {
		_ = m.Process.Kill() // it may have ended
		<-m.ended
	})
	return m
}

func (m *member) follow(out io.Reader, all *book) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		for _, b := range []*book{&m.handled, all} {
			b.mu.Lock()
			b.entries = append(b.entries, entry{id: lines.Text()})
			b.mu.Unlock()
		}
	}
}

// TestMemberKilled asserts that what a member has not committed when it is killed is handled by the others, so that every event is handled, those of a
// key in order; that no more is handled twice than the killed one had handled in its last moments; and that members that are asked to end hand over
// nothing twice.
func TestMemberKilled(t *testing.T) {
	h := onReal(t)
	const n, partitions = 24_000, 6
	topic := h.topic(t, "apps", partitions)
	h.send(t, topic, keyed(n, partitions)...)
	var all book
	config := memberConfig{h.brokers, h.prefix, h.prefix + "group", 2}
	members := []*member{startMember(t, config, &all), startMember(t, config, &all), startMember(t, config, &all)}
	members[1].handled.wait(t, 3000) // some seconds of its work
	must(t, "kill", members[1].Process.Kill())
	killed, at := members[1], time.Now()
	<-killed.ended
	all.wait(t, n-n/10) // what is not the killed one's goes on
	extra := startMember(t, config, &all)
	distinct := func() int {
		seen := map[string]bool{}
		for _, id := range all.ids() {
			seen[id] = true
		}
		return len(seen)
	}
	for end := time.Now().Add(3 * patience); distinct() < n; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("got %d different events handled, want %d", distinct(), n)
		}
	}
	took := time.Since(at)
	for _, m := range []*member{members[0], members[2], extra} {
		must(t, "ask to end", m.Process.Signal(syscall.SIGTERM))
		must(t, "end", <-m.ended)
	}
	first, twice := &book{}, 0
	seen := map[string]bool{}
	for _, e := range all.entries {
		if seen[e.id] {
			twice++
			continue
		}
		seen[e.id] = true
		first.entries = append(first.entries, e)
	}
	inOrder(t, first, 50)
	t.Logf("%d events, killed after %d of its own; all handled %s later, %d of them twice", n, len(killed.handled.ids()), took.Round(time.Second), twice)
	const commits = 2 * time.Second // between two commits, with what a busy machine adds
	if most := int(commits/memberTakes) * config.Concurrency; twice > min(most, len(killed.handled.ids())) {
		t.Errorf("got %d handled twice, want %d at most: what the killed one can have handled since its last commit", twice, most)
	}
}
