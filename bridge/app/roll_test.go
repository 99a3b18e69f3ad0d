package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/sandbox"
)

// TestRoll replaces two bridges behind a load balancer one after the other, three times, under sixteen senders that keep their connections. It asserts that
//   - not one delivery fails or is answered otherwise than 200
//   - each of them is in Kafka
//   - every bridge that went had its part
func TestRoll(t *testing.T) {
	t.Parallel()
	k := embedded(t, sandbox.KafkaOptions{})
	begin := func() *running {
		r := start(t, k.Brokers(), func(c *app.Config) { c.DrainDelay = 500 * time.Millisecond })
		r.awaitReady(t)
		return r
	}
	b := balance(t, begin(), begin())
	stop, taken := make(chan struct{}), atomic.Int64{}
	var senders sync.WaitGroup
	for sender := range 16 {
		senders.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				answer, err := b.tenant.Post(context.Background(), []byte(withID(fmt.Sprintf("%d-%d", sender, n))))
				if err != nil || answer.Status != 200 {
					t.Errorf("got %+v, %v; want 200", answer, err)
					return
				}
				taken.Add(1)
			}
		})
	}
	for range 3 {
		for i := range 2 {
			before := taken.Load()
			eventually(t, "deliveries", func() bool { return taken.Load() > before+50 || t.Failed() })
			old := b.replace(i, begin())
			must(t, old.Stop())
			if old.log.count(`"status":200`) == 0 {
				t.Error("got a bridge without a delivery, want some at each")
			}
		}
	}
	close(stop)
	senders.Wait()
	total := 0
	for _, n := range counts(t, b.at[0].config) {
		total += n
	}
	if int64(total) != taken.Load() {
		t.Errorf("got %d records, want %d", total, taken.Load())
	}
}

// balancer is a load balancer of two: it asks for readiness every 20 ms, and each delivery goes to the next bridge that is ready.
type balancer struct {
	tenant *sandbox.Tenant

	mu    sync.Mutex
	at    [2]*running
	ready [2]bool
	extra *running // the next one, already there while the old one stops
	next  int
}

func balance(t *testing.T, first, second *running) *balancer {
	t.Helper()
	b := &balancer{at: [2]*running{first, second}, ready: [2]bool{true, true}}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: b.pick()})
	}})
	ctx, cancel := context.WithCancel(context.Background())
	go b.ask(ctx)
	b.tenant = sandbox.NewTenant(proxy.URL+"/webhooks/qlik", first.tenant.Sign)
	b.tenant.Client.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(func() {
		cancel()
		b.tenant.Client.CloseIdleConnections()
		proxy.Close()
		transport.CloseIdleConnections()
	})
	return b
}

// replace brings in a bridge for another, which the balancer goes on using until it sees that it is not ready.
func (b *balancer) replace(i int, by *running) (old *running) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, b.extra = b.at[i], b.at[i]
	b.at[i], b.ready[i] = by, true
	return old
}

func (b *balancer) pick() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	if b.extra != nil && b.next%3 == 0 {
		return b.extra.Addr()
	}
	if i := b.next % 2; b.ready[i] {
		return b.at[i].Addr()
	}
	return b.at[(b.next+1)%2].Addr()
}

func (b *balancer) ask(ctx context.Context) {
	for tick := time.NewTicker(20 * time.Millisecond); ctx.Err() == nil; <-tick.C {
		b.mu.Lock()
		at, extra := b.at, b.extra
		b.mu.Unlock()
		ready := [2]bool{isReady(at[0]), isReady(at[1])}
		gone := extra != nil && !isReady(extra)
		b.mu.Lock()
		if at == b.at {
			b.ready = ready
		}
		if gone && extra == b.extra {
			b.extra = nil
		}
		b.mu.Unlock()
	}
}

func isReady(r *running) bool {
	response, err := http.Get("http://" + r.AdminAddr() + "/readyz")
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == 200
}

// TestDrainDelay asserts that a bridge which stops serves on for drain_delay, not ready, and that its answers end their connections.
func TestDrainDelay(t *testing.T) {
	t.Parallel()
	r, _ := startReady(t, func(c *app.Config) { c.DrainDelay, c.DrainTimeout = 2*time.Second, 20*time.Second })
	if closes(t, r) {
		t.Error("got Connection: close before the stop, want none")
	}
	stopped, began := make(chan error, 1), time.Now()
	go func() { stopped <- r.Stop() }()
	eventually(t, "not ready", func() bool { ready, _ := r.Ready(); return !ready })
	eventually(t, "an answer that ends its connection", func() bool { return closes(t, r) })
	must(t, <-stopped)
	if took := time.Since(began); took < r.config.DrainDelay {
		t.Errorf("got a stop of %s, want one of %s or more", took, r.config.DrainDelay)
	}
}

// closes delivers an event, expects it to be taken and reports whether the answer ends the connection.
func closes(t *testing.T, r *running) bool {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, r.tenant.URL, http.NoBody)
	must(t, err)
	request.Header.Set("Qlik-Signature", r.tenant.Sign(nil))
	response, err := r.tenant.Client.Do(request)
	must(t, err)
	_ = response.Body.Close()
	if response.StatusCode != 200 {
		t.Errorf("got %d, want 200", response.StatusCode)
	}
	return response.Close
}
