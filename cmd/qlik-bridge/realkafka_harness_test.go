package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafkatest"
)

// realPatience is how long a test waits for what has to come, on a machine that does other things as well.
const realPatience = time.Minute

// realPrefix begins the names of the topics.
const realPrefix = "real."

// TestRealKafka runs the binary against one broker of a real Kafka, that each part leaves running.
func TestRealKafka(t *testing.T) {
	if os.Getenv("REAL_KAFKA") != "1" && os.Getenv("REQUIRE_KAFKA") != "1" {
		t.Skip("needs a real Kafka: REAL_KAFKA=1 go test ./cmd/qlik-bridge -run RealKafka, without -short")
	}
	r := &realKafka{
		cluster: kafkatest.New(t, kafkatest.Options{Provider: kafkatest.ProviderProcesses, Security: true}),
		binary:  filepath.Join(t.TempDir(), "qlik-bridge"),
		secrets: realFile(t, "secrets", strings.Repeat("s3cret-", 6)+"\n"),
	}
	out, err := exec.Command("go", "build", "-o", r.binary, ".").CombinedOutput()
	realMust(t, "build: "+string(out), err)
	r.keyring, err = bridge.LoadKeyring(r.secrets)
	realMust(t, "read the secrets", err)

	t.Run("samples of Qlik's documentation", r.documented)
	t.Run("every type and alias", r.everyType)
	t.Run("dead letters requeued", r.requeued)
	t.Run("groups redriven", r.redriven)
	t.Run("broker killed", r.brokerKilled)
	t.Run("broker stalls", r.brokerStalls)
	t.Run("followed", r.followed)
	t.Run("stopped under load", r.stoppedUnderLoad)
	t.Run("stopped while Kafka stalls", r.stoppedWhileKafkaStalls)
	t.Run("SCRAM over TLS", r.scramOverTLS)
	t.Run("deliver", r.deliver)
}

// realKafka is what the parts share.
type realKafka struct {
	cluster *kafkatest.Cluster
	binary  string
	secrets string // file
	keyring *bridge.Keyring
}

// running is one process of the binary.
type running struct {
	cmd        *exec.Cmd
	url, admin string
	client     *http.Client
	sign       func([]byte) string
	ended      chan struct{} // closed when the process has ended

	mu  sync.Mutex
	log []logLine
}

// logLine is what tests look at in a line of the log.
type logLine struct {
	Msg, ID, Listen string
	AdminListen     string `json:"admin_listen"`
	Status          int
}

// serve starts the binary and waits until it is ready.
func (r *realKafka) serve(t *testing.T, settings ...string) *running {
	t.Helper()
	s := r.start(t, settings...)
	realEventually(t, "be ready", s.ready)
	return s
}

// start starts the binary with the plain listener and further settings, and waits until it listens.
func (r *realKafka) start(t *testing.T, settings ...string) *running {
	t.Helper()
	cmd := exec.Command(r.binary, "serve")
	cmd.Env = append(os.Environ(), "QLIK_BRIDGE_LISTEN=127.0.0.1:0", "QLIK_BRIDGE_ADMIN_LISTEN=127.0.0.1:0", "QLIK_BRIDGE_ACK_TIMEOUT=2s",
		"QLIK_BRIDGE_SECRETS_FILE="+r.secrets, "QLIK_BRIDGE_TOPICS_PREFIX="+realPrefix, "QLIK_BRIDGE_SPOOL_ENABLED=false", "QLIK_BRIDGE_DEDUPE_EVENTS=0", // Kafka alone
		"QLIK_BRIDGE_KAFKA_BROKERS="+strings.Join(r.cluster.Brokers(), ","))
	cmd.Env = append(cmd.Env, settings...)
	stderr, err := cmd.StderrPipe()
	realMust(t, "make a pipe", err)
	realMust(t, "start the binary", cmd.Start())
	s := &running{cmd: cmd, sign: r.keyring.Sign, ended: make(chan struct{}),
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	go s.follow(stderr)
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-s.ended
		s.client.CloseIdleConnections()
	})
	realEventually(t, "serve", func() error {
		if line, ok := s.find("serving"); ok {
			s.url, s.admin = "http://"+line.Listen+"/webhooks/qlik", "http://"+line.AdminListen
			return nil
		}
		return errors.New("no line says where it listens")
	})
	return s
}

func (s *running) follow(stderr io.Reader) {
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line logLine
		if json.Unmarshal(lines.Bytes(), &line) == nil {
			s.mu.Lock()
			s.log = append(s.log, line)
			s.mu.Unlock()
		}
	}
	_ = s.cmd.Wait() // its code is asked for where it matters
	close(s.ended)
}

func (s *running) find(msg string) (logLine, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.log {
		if line.Msg == msg {
			return line, true
		}
	}
	return logLine{}, false
}

// delivered are the ids that the process says it has answered with 200.
func (s *running) delivered() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := map[string]bool{}
	for _, line := range s.log {
		if line.Msg == "delivery" && line.Status == http.StatusOK {
			ids[line.ID] = true
		}
	}
	return ids
}

func (s *running) ready() error {
	response, err := s.client.Get(s.admin + "/readyz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%d: %s", response.StatusCode, body)
	}
	return err
}

// stop ends the process as Kubernetes does, and returns how long that took and with which code.
func (s *running) stop(t *testing.T, atMost time.Duration) (time.Duration, int) {
	t.Helper()
	began := time.Now()
	realMust(t, "send SIGTERM", s.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-s.ended:
	case <-time.After(atMost):
		t.Fatalf("still there %s after SIGTERM", atMost)
	}
	return time.Since(began), s.cmd.ProcessState.ExitCode()
}

// realAnswer is what came of one POST.
type realAnswer struct {
	ID         string
	Sender     int // of a load
	Began      time.Time
	Took       time.Duration
	Err        error // of the connection
	Status     int
	RetryAfter string
	Outcome    string
	Topic      string
	Partition  int32
	Offset     int64
}

func (s *running) post(ctx context.Context, id string, body []byte) realAnswer {
	a := realAnswer{ID: id, Began: time.Now()}
	a.Err = s.exchange(ctx, body, &a)
	a.Took = time.Since(a.Began)
	return a
}

func (s *running) exchange(ctx context.Context, body []byte, a *realAnswer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Qlik-Signature", s.sign(body))
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	a.Status, a.RetryAfter = response.StatusCode, response.Header.Get("Retry-After")
	id := a.ID // a 503 has none
	err = json.NewDecoder(response.Body).Decode(a)
	a.ID = id
	return err
}

// published posts a body and asserts that it is in Kafka.
func (s *running) published(t *testing.T, what string, body []byte) realAnswer {
	t.Helper()
	a := s.post(t.Context(), what, body)
	if a.Err != nil || a.Status != http.StatusOK || a.Outcome != "published" {
		t.Fatalf("%s: got %d %s (%v), want 200 published", what, a.Status, a.Outcome, a.Err)
	}
	return a
}

// place is where a record is.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// stored reads every topic of the bridge from its beginning.
func (r *realKafka) stored(t *testing.T) map[place]*kgo.Record {
	t.Helper()
	return r.storedUnder(t, realPrefix)
}

func (r *realKafka) storedUnder(t *testing.T, prefix string) map[place]*kgo.Record {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(r.cluster.Brokers()...), kgo.ConsumeRegex(), kgo.ConsumeTopics("^"+prefix),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	realMust(t, "make a consumer", err)
	defer c.Close()
	admin := kadm.NewClient(c)
	ctx, cancel := context.WithTimeout(t.Context(), realPatience)
	defer cancel()
	listed, err := admin.ListTopics(ctx)
	realMust(t, "list topics", err)
	var names []string
	for _, name := range listed.Names() {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	ends, err := admin.ListEndOffsets(ctx, names...)
	realMust(t, "ask for the ends", errors.Join(err, ends.Error()))
	want, got := 0, map[place]*kgo.Record{}
	ends.Each(func(o kadm.ListedOffset) { want += int(o.Offset) })
	for len(got) < want {
		c.PollFetches(ctx).EachRecord(func(r *kgo.Record) { got[place{r.Topic, r.Partition, r.Offset}] = r })
		realMust(t, fmt.Sprintf("read %d of %d records", len(got), want), ctx.Err())
	}
	return got
}

// ids are those of the events among records, and how often each is there.
func ids(records map[place]*kgo.Record) map[string]int {
	all := map[string]int{}
	for _, r := range records {
		all[header(r, "ce_id")]++
	}
	return all
}

func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func realFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	realMust(t, "write "+name, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func realMust(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func realEventually(t *testing.T, what string, question func() error) {
	t.Helper()
	for deadline := time.Now().Add(realPatience); ; time.Sleep(20 * time.Millisecond) {
		err := question()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still after %s: %v", what, realPatience, err)
		}
	}
}
