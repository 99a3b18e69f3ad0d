package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/sandbox"
)

// TestDrain stops a bridge under 32 senders, and asserts that
//   - every delivery that the bridge took in is answered to its sender
//   - every delivery that was answered 200 is in Kafka, and none twice
//   - the stop ends well before drain_timeout
//   - a second stop returns the same at once
func TestDrain(t *testing.T) {
	t.Parallel()
	r, k := startReady(t, nil)
	delay(k, 5*time.Millisecond)
	var taken, answered atomic.Int64
	ids := make(chan string, 1<<16)
	var senders sync.WaitGroup
	for sender := range 32 {
		senders.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%d-%d", sender, n)
				answer, err := r.tenant.Post(context.Background(), []byte(withID(id)))
				if err != nil {
					return // the door is closed
				}
				answered.Add(1)
				if answer.Status == 200 {
					taken.Add(1)
					ids <- id
				} else {
					t.Errorf("got %+v, want 200", answer)
				}
			}
		})
	}
	eventually(t, "500 deliveries", func() bool { return taken.Load() >= 500 })
	began := time.Now()
	must(t, r.Stop())
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("got a stop of %s, want less than 10 s", took)
	}
	senders.Wait()
	close(ids)
	must(t, r.Stop())

	if lines := r.log.count(`"msg":"delivery"`); int64(lines) != answered.Load() {
		t.Errorf("the bridge took in %d deliveries, want as many as were answered, %d", lines, answered.Load())
	}
	have := map[string]int{}
	for _, record := range stored(t, r.config) {
		have[record.Header("ce_id")]++
	}
	for id := range ids {
		if have[id] != 1 {
			t.Errorf("%s was answered 200: got it %d times in Kafka, want once", id, have[id])
		}
		delete(have, id)
	}
	if len(have) > 0 {
		t.Errorf("got %d records that nobody was told of, want none: %v", len(have), have)
	}
}

// TestWhileDraining asserts that a stop waits for a delivery in flight, that meanwhile livez says live and readyz says why it is not ready,
// and that nobody new is let in.
func TestWhileDraining(t *testing.T) {
	t.Parallel()
	r, k := startReady(t, nil)
	inFlight, goOn := make(chan struct{}), make(chan struct{})
	reached, release := sync.OnceFunc(func() { close(inFlight) }), sync.OnceFunc(func() { close(goOn) })
	defer release()
	k.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		reached()
		k.Cluster().SleepControl(func() { <-goOn })
		return nil, nil, false
	})
	answer, stopped := make(chan sandbox.Answer, 1), make(chan error, 2)
	go func() {
		a, err := r.tenant.Post(context.Background(), []byte(event))
		if err != nil {
			t.Error(err)
		}
		answer <- a
	}()
	<-inFlight
	for range 2 {
		go func() { stopped <- r.Stop() }()
	}
	eventually(t, "the door closed", func() bool {
		c, err := net.Dial("tcp", r.Addr())
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if code, _ := r.get(t, "/livez"); code != 200 {
		t.Errorf("got livez %d, want 200", code)
	}
	if why := r.reasons(t, 503); !strings.Contains(why, "stopping") {
		t.Errorf("got %q, want that it is stopping", why)
	}
	release()
	if a := <-answer; a.Outcome != "published" {
		t.Errorf("got %+v, want it published", a)
	}
	for range 2 {
		must(t, <-stopped)
	}
	if _, err := http.Get("http://" + r.AdminAddr() + "/livez"); err == nil {
		t.Error("got an answer of the admin port after the stop, want none")
	}
}

// TestStopIsBounded asserts that a stop ends with drain_timeout where a sender never ends his body and Kafka never answers, and says so.
func TestStopIsBounded(t *testing.T) {
	t.Parallel()
	r, k := startReady(t, func(c *app.Config) { c.AckTimeout, c.DrainTimeout = 200*time.Millisecond, 700*time.Millisecond })
	swallow(k, int16(kmsg.Produce))
	expectStatus(t, r.tenant, 503)
	c, err := net.Dial("tcp", r.Addr())
	must(t, err)
	defer c.Close()
	_, err = fmt.Fprint(c, "POST /webhooks/qlik HTTP/1.1\r\nHost: x\r\nQlik-Signature: 00\r\nContent-Length: 9\r\n\r\nx")
	must(t, err)
	expectStatus(t, tenant(t, r.App, secretA), 503) // a connection after it, which is accepted after it
	began := time.Now()
	err = r.Stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("got a stop of %s, want one of drain_timeout, %s", took, r.config.DrainTimeout)
	}
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stopping kafka") || !strings.Contains(err.Error(), "stopping ingress") {
		t.Errorf("got %v, want what did not end", err)
	}
}

// TestStopAnswersWhoWasLetIn asserts that a delivery that was let in just before the stop, or in drain_delay, has its answer though Kafka gives none
// and drain_timeout is not enough to wait for Kafka beyond that.
func TestStopAnswersWhoWasLetIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		delay, timeout time.Duration
		letIn          time.Duration // after the stop began
	}{
		{name: "before the stop", timeout: 3500 * time.Millisecond},
		{name: "in drain_delay", delay: 3 * time.Second, timeout: 6 * time.Second, letIn: 1500 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, k := startReady(t, func(c *app.Config) {
				c.AckTimeout, c.DrainDelay, c.DrainTimeout = 2*time.Second, tt.delay, tt.timeout
			})
			must(t, r.config.Validate())
			asked := make(chan struct{})
			reached := sync.OnceFunc(func() { close(asked) })
			k.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
				reached()
				k.Cluster().KeepControl()
				k.Cluster().SleepControl(func() { time.Sleep(patience) })
				return nil, nil, false
			})
			answer, stopped := make(chan sandbox.Answer, 1), make(chan error, 1)
			stop := func() { stopped <- r.Stop() }
			if tt.letIn > 0 {
				go stop()
				time.Sleep(tt.letIn)
			}
			go func() {
				a, err := r.tenant.Post(context.Background(), []byte(event))
				if err != nil {
					t.Error(err)
				}
				answer <- a
			}()
			<-asked
			if tt.letIn == 0 {
				go stop()
			}
			if err := <-stopped; !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "stopping ingress") {
				t.Errorf("got %v, want Kafka alone not to end", err)
			}
			if a := <-answer; a.Status != 503 {
				t.Errorf("got %+v, want 503", a)
			}
		})
	}
}

// TestRun asserts that Run serves until its context ends, and then drains.
func TestRun(t *testing.T) {
	t.Parallel()
	k := embedded(t, sandbox.KafkaOptions{})
	c := app.DefaultConfig()
	c.Spool.Enabled = false
	c.Listen, c.AdminListen, c.Kafka.Brokers, c.SecretsFile = "127.0.0.1:0", "127.0.0.1:0", k.Brokers(), write(t, secretA)
	log := &journal{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, c, slog.New(slog.NewJSONHandler(log, nil))) }()
	eventually(t, "both conditions", func() bool { return log.count(`"msg":"condition holds"`) == 2 })
	cancel()
	select {
	case err := <-ended:
		must(t, err)
	case <-time.After(patience):
		t.Fatal("got no end of Run, want one")
	}
	if log.count(`"msg":"stopped"`) != 1 || log.count(`"level":"ERROR"`) != 0 {
		t.Errorf("got %s, want a stop without errors", log)
	}
}

// TestNewFails asserts that what stands in the way is said with its key, and that the ports that were bound are free again.
func TestNewFails(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	tests := []struct {
		name   string
		change func(*app.Config)
		want   string
	}{
		{"ingress port taken", func(c *app.Config) { c.Listen = taken.Addr().String() }, "listen: "},
		{"admin port taken", func(c *app.Config) { c.AdminListen = taken.Addr().String() }, "admin_listen: "},
		{"no secrets", func(c *app.Config) { c.SecretsFile = "/none" }, "/none"},
		{"no certificate", func(c *app.Config) { c.Ingress.TLS.CertFile, c.Ingress.TLS.KeyFile = "/none", "/none" }, "ingress.tls.cert_file"},
		{"no CA", func(c *app.Config) { c.Kafka.TLS.Enabled, c.Kafka.TLS.CAFile = true, "/none" }, "kafka.tls.ca_file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := app.DefaultConfig()
			c.Spool.Enabled = false
			port := freePort(t)
			c.Listen, c.AdminListen, c.SecretsFile = "127.0.0.1:0", fmt.Sprintf("127.0.0.1:%d", port), write(t, secretA)
			tt.change(&c)
			_, err := app.New(c, slog.New(slog.DiscardHandler))
			expectError(t, err, tt.want)
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatalf("the port is not free again: %v", err)
			}
			_ = l.Close()
		})
	}
}

// delay lets each produce request take a while.
func delay(k *sandbox.Kafka, d time.Duration) {
	k.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.Cluster().KeepControl()
		k.Cluster().SleepControl(func() { time.Sleep(d) })
		return nil, nil, false
	})
}

func withID(id string) string {
	return `{"specversion":"1.0","id":"` + id + `","type":"com.qlik.app.created","source":"com.qlik/engine","data":{"id":"app-` + id + `"}}`
}
