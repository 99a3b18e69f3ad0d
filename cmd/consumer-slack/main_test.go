package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
	"qlikbridge/bridge/apptest"
	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/kafka"
)

// TestAnnounceNewApps posts new apps under both names in every envelope, among other events, and asserts that
//   - each new app is announced, once, and nothing else is
//   - a consumer that comes back announces none of them again
func TestAnnounceNewApps(t *testing.T) {
	b, s := apptest.Start(t), startSlack(t)
	var want []string
	for _, envelope := range []bridge.Envelope{bridge.CloudEvents, bridge.Hybrid, bridge.Legacy, bridge.Audit} {
		for _, typ := range []string{"com.qlik.app.created", "com.qlik.v1.app.created"} {
			want = append(want, newApp(t, b, typ, envelope))
		}
		b.Sample(t, "com.qlik.app.deleted", envelope)
		b.Sample(t, "com.qlik.core.user.created", envelope)
	}
	stop := start(t, b, s)
	s.await(t, len(want))
	stop()
	want = append(want, newApp(t, b, "com.qlik.app.created", bridge.CloudEvents))
	stop = start(t, b, s)
	s.await(t, len(want))
	stop()
	got := s.texts()
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// A message that is not taken is posted until it is, and those behind it wait.
func TestAnnounceUntilItIsTaken(t *testing.T) {
	tests := []struct {
		name    string
		answers []answer
	}{
		{"an error of its own", []answer{{status: 500}, {status: 503}}},
		{"no answer, for longer than an event is tried", []answer{{}, {}, {}, {}, {}, {}, {}}},
		{"too many, for longer than an event is tried", []answer{{429, "0"}, {429, "0"}, {429, "0"}, {429, "0"}, {429, "0"}, {429, "0"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, s := apptest.Start(t), startSlack(t, tt.answers...)
			want := newApp(t, b, "com.qlik.app.created", bridge.CloudEvents)
			stop := start(t, b, s)
			s.await(t, len(tt.answers)+1)
			stop()
			for _, got := range s.texts() {
				if got != want {
					t.Errorf("got %q, want each time %q", got, want)
				}
			}
		})
	}
}

// What the webhook asks for is given: the next message does not come before.
func TestRetryAfter(t *testing.T) {
	b, s := apptest.Start(t), startSlack(t, answer{429, "1"})
	newApp(t, b, "com.qlik.app.created", bridge.CloudEvents)
	stop := start(t, b, s)
	s.await(t, 2)
	stop()
	if waited := s.posts[1].at.Sub(s.posts[0].at); waited < time.Second {
		t.Errorf("got the next attempt after %s, want a second or more", waited)
	}
}

// A message that the webhook refuses becomes a dead letter of the group, and the next is posted.
func TestRefusedMessages(t *testing.T) {
	for _, status := range []int{302, 400, 403, 404, 410} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			b, s := apptest.Start(t), startSlack(t, answer{status: status})
			_, refused := b.Sample(t, "com.qlik.app.created", bridge.CloudEvents)
			stop := start(t, b, s)
			s.await(t, 1)
			newApp(t, b, "com.qlik.app.created", bridge.CloudEvents)
			s.await(t, 2)
			stop()
			letter := b.Records(t, "qlik.dead-letter.consumer-slack", 1)[0]
			if got := letter.Header("ce_id"); got != refused.ID {
				t.Errorf("got the dead letter of %s, want that of %s", got, refused.ID)
			}
			if got := letter.Header("error"); !strings.Contains(got, fmt.Sprint(status)) || strings.Contains(got, s.URL) {
				t.Errorf("got error %q, want the status in it, and not the secret URL", got)
			}
		})
	}
}

// The URL is a secret: it stands in no error, which is logged.
func TestErrorsKeepTheSecret(t *testing.T) {
	h := &webhook{url: "http://127.0.0.1:1/services/secret", client: http.DefaultClient}
	e := event.New()
	if err := e.SetData(event.ApplicationJSON, map[string]string{"name": "Sales"}); err != nil {
		t.Fatal(err)
	}
	if err := h.announce(t.Context(), e); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got error %v, want one without the URL", err)
	}
}

// A name can neither link nor mention anybody.
func TestNamesAreText(t *testing.T) {
	s := startSlack(t)
	e := event.New()
	if err := e.SetData(event.ApplicationJSON, map[string]string{"id": "a-1", "name": "<!channel> R&D", "owner": "Ann"}); err != nil {
		t.Fatal(err)
	}
	if err := (&webhook{url: s.URL, client: http.DefaultClient}).announce(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got, want := s.texts()[0], "New app: &lt;!channel&gt; R&amp;D, made by Ann (a-1)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWebhookFile(t *testing.T) {
	for _, content := range []string{"", "hooks.example.com/services/x", "ftp://hooks.example.com/", "https://"} {
		path := filepath.Join(t.TempDir(), "webhook")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), consumer.Config{Group: "test"}, path); err == nil || !strings.Contains(err.Error(), "URL") {
			t.Errorf("%q: got error %v, want one that asks for a URL", content, err)
		}
	}
}

// newApp posts a new app and returns what is to be said of it.
func newApp(t *testing.T, b *apptest.Bridge, typ string, envelope bridge.Envelope) string {
	t.Helper()
	body, _ := b.Sample(t, typ, envelope)
	var sent struct {
		Data struct {
			ID, Name, Owner string
			Attributes      struct{ ID, Name, Owner string }
		}
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	a := sent.Data.Attributes
	if a.ID == "" {
		a.ID, a.Name, a.Owner = sent.Data.ID, sent.Data.Name, sent.Data.Owner
	}
	return fmt.Sprintf("New app: %s, made by %s (%s)", a.Name, a.Owner, a.ID)
}

// start runs the consumer from the oldest event on until stop is called, which fails the test where it does not end well.
func start(t *testing.T, b *apptest.Bridge, s *slack) (stop func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "webhook")
	if err := os.WriteFile(path, []byte(s.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := consumer.Config{Kafka: kafka.DefaultConfig(), Group: "consumer-slack", Retry: consumer.Retry{First: time.Millisecond, Most: time.Millisecond}}
	c.Kafka.Brokers = b.Brokers()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, c, path) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("got error %v, want a clean stop", err)
		}
	}
}

// slack takes messages as an incoming webhook does.
type slack struct {
	*httptest.Server
	arrived chan struct{}

	mu      sync.Mutex
	answers []answer // to the next messages; then all are taken
	posts   []post
}

// answer is the status, and Retry-After where it is there; 0 is a connection that ends without one.
type answer struct {
	status     int
	retryAfter string
}

type post struct {
	text string
	at   time.Time
}

func startSlack(t *testing.T, answers ...answer) *slack {
	s := &slack{answers: answers, arrived: make(chan struct{}, 1000)}
	s.Server = httptest.NewServer(http.HandlerFunc(s.take))
	t.Cleanup(s.Close)
	return s
}

func (s *slack) take(w http.ResponseWriter, r *http.Request) {
	var message struct{ Text string }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil || r.Header.Get("Content-Type") != "application/json" {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	a := s.note(message.Text)
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	if a.retryAfter != "" {
		w.Header().Set("Retry-After", a.retryAfter)
	}
	w.WriteHeader(a.status)
}

func (s *slack) note(text string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts = append(s.posts, post{text, time.Now()})
	s.arrived <- struct{}{}
	if len(s.answers) == 0 {
		return answer{status: http.StatusOK}
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	return next
}

// await waits until count messages came in all, a minute at most.
func (s *slack) await(t *testing.T, count int) {
	t.Helper()
	deadline := time.After(time.Minute)
	for len(s.texts()) < count {
		select {
		case <-s.arrived:
		case <-deadline:
			t.Fatalf("got %d messages in a minute, want %d: %q", len(s.texts()), count, s.texts())
		}
	}
}

func (s *slack) texts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var texts []string
	for _, p := range s.posts {
		texts = append(texts, p.text)
	}
	return texts
}
