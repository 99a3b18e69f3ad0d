package ingress_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge"
	"qlikbridge/bridge/ingress"
)

// The two secrets of the source qlik, the active one first.
const (
	activeSecret   = "active-active-active-active-active-1"
	retiringSecret = "retiring-retiring-retiring-retiring-2"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// setup is a door before it opens; a test changes what matters to it.
type setup struct {
	config  ingress.Config
	sources []*ingress.Source
	ingest  func(bridge.Delivery) bridge.Receipt
	now     func() time.Time
}

// door is a server on a free port of loopback before a domain that is not real.
type door struct {
	address string
	server  *ingress.Server
	reg     *prometheus.Registry
	log     *journal
	calls   atomic.Int64 // of ingest
}

// open opens a door; it is shut at the end of the test.
func open(t *testing.T, change func(*setup)) *door {
	t.Helper()
	s := setup{config: ingress.DefaultConfig(), ingest: published, now: time.Now}
	s.sources = []*ingress.Source{{Name: "qlik", Keyring: keyring(t, activeSecret, retiringSecret)}}
	if change != nil {
		change(&s)
	}
	d := &door{reg: prometheus.NewRegistry(), log: &journal{}}
	server, err := ingress.New(s.config, ingress.Options{
		Sources: s.sources,
		Ingest: func(_ context.Context, delivery bridge.Delivery) bridge.Receipt {
			d.calls.Add(1)
			return s.ingest(delivery)
		},
		Wait: time.Second, Now: s.now, Log: slog.New(slog.NewJSONHandler(d.log, nil)), Metrics: ingress.NewMetrics(d.reg),
	})
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	d.address, d.server = l.Addr().String(), server
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		d.shut(t)
		if err := <-served; err != nil {
			t.Errorf("Serve: got %v, want nil after a Shutdown", err)
		}
	})
	return d
}

// shut waits for the requests in flight, so that every line is in the log and every count is made.
func (d *door) shut(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	must(t, d.server.Shutdown(ctx))
}

func (d *door) url(path string) string { return "http://" + d.address + path }

// published is what became of a delivery in the first record of a topic.
func published(bridge.Delivery) bridge.Receipt {
	return bridge.Receipt{Outcome: bridge.Published, Topic: "qlik.apps", Event: &bridge.Event{ID: "e-1", Type: "com.qlik.app.created"}}
}

func keyring(t *testing.T, secrets ...string) *bridge.Keyring {
	t.Helper()
	k, err := bridge.NewKeyring(secrets...)
	must(t, err)
	return k
}

// sign signs as the webhook does that has the secret.
func sign(secret, body string) string {
	k, err := bridge.NewKeyring(secret)
	if err != nil {
		panic(err)
	}
	return k.Sign([]byte(body))
}

// wire is one request as it goes over a connection; its zero value is a good one without a body.
type wire struct {
	method  string   // "": POST
	target  string   // "": /webhooks/qlik
	version string   // "": HTTP/1.1
	header  []string // further lines
	signed  []string // values of Qlik-Signature; nil: the right one of the active secret
	body    string
	chunked bool
	claims  int  // what Content-Length says, where that is not the body's length; below 0: there is none
	ends    bool // no further byte comes: the sender ends his half of the connection
}

// unsigned is for a wire without any Qlik-Signature.
var unsigned = []string{}

func (w wire) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\r\nHost: bridge\r\n", or(w.method, "POST"), or(w.target, "/webhooks/qlik"), or(w.version, "HTTP/1.1"))
	signed := w.signed
	if signed == nil {
		signed = []string{sign(activeSecret, w.body)}
	}
	for _, value := range signed {
		fmt.Fprintf(&b, "Qlik-Signature: %s\r\n", value)
	}
	for _, line := range w.header {
		b.WriteString(line + "\r\n")
	}
	switch {
	case w.chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n" + chunks(w.body))
	case w.claims < 0:
		b.WriteString("\r\n" + w.body)
	case w.claims > 0:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", w.claims, w.body)
	default:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(w.body), w.body)
	}
	return b.String()
}

// chunks writes a body in chunks of a few sizes.
func chunks(body string) string {
	var b strings.Builder
	for size := 1; body != ""; size = size*3 + 1 {
		n := min(size, len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return b.String() + "0\r\n\r\n"
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// member is one member of the JSON body, "" where there is none.
func (a answer) member(t *testing.T, name string) string {
	t.Helper()
	members := map[string]any{}
	if err := json.Unmarshal([]byte(a.body), &members); err != nil {
		t.Fatalf("the answer %q is not JSON: %v", a.body, err)
	}
	value, _ := members[name].(string)
	return value
}

// send writes one request on a connection of its own and reads the answer.
func (d *door) send(t *testing.T, w wire) answer {
	t.Helper()
	c := d.dial(t)
	go func() { // an answer may come before everything is written
		_, _ = io.WriteString(c, w.String())
		if w.ends {
			_ = c.CloseWrite()
		}
	}()
	return read(t, bufio.NewReader(c), w.method)
}

func (d *door) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	c, err := net.DialTimeout("tcp", d.address, patience)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	must(t, c.SetDeadline(time.Now().Add(patience)))
	return c.(*net.TCPConn)
}

func write(t *testing.T, c *net.TCPConn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	must(t, err)
}

// readAll reads so many answers to POST.
func readAll(t *testing.T, c *net.TCPConn, n int) []answer {
	t.Helper()
	r, all := bufio.NewReader(c), []answer(nil)
	for range n {
		all = append(all, read(t, r, "POST"))
	}
	return all
}

// read reads one answer to a request of the method.
func read(t *testing.T, r *bufio.Reader, method string) answer {
	t.Helper()
	response, err := http.ReadResponse(r, &http.Request{Method: or(method, "POST")})
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

// series are the values of all series of the door, by name and labels as a scrape shows them.
func (d *door) series(t *testing.T) map[string]float64 {
	t.Helper()
	gathered, err := d.reg.Gather()
	must(t, err)
	all := map[string]float64{}
	for _, family := range gathered {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			all[family.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

// journal is a log in memory.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// lines are those with a message, as JSON objects.
func (j *journal) lines(t *testing.T, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(j.String()) {
		members := map[string]any{}
		must(t, json.Unmarshal([]byte(line), &members))
		if members["msg"] == message {
			found = append(found, members)
		}
	}
	return found
}

// eventually asks until holds answers true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s: got nothing, want %s", patience, what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
