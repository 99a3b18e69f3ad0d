package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge"
	"qlikbridge/bridge/apptest"
	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/kafka"
)

// TestWelcomeNewUsers posts new users under both names in every envelope, among other events, and asserts that
//   - each that has an address is sent one mail, and nobody else is
//   - each mail has a Message-ID of its own
//   - a consumer that comes back sends none of them again
func TestWelcomeNewUsers(t *testing.T) {
	m := startMailServer(t)
	b := apptest.Start(t)
	var want []string
	for _, envelope := range []bridge.Envelope{bridge.CloudEvents, bridge.Hybrid, bridge.Legacy, bridge.Audit} {
		for _, typ := range []string{"com.qlik.core.user.created", "com.qlik.v1.user.created"} {
			body, _ := b.Sample(t, typ, envelope)
			if email := emailOf(t, body); email != "" {
				want = append(want, email)
			}
		}
		b.Sample(t, "com.qlik.core.user.deleted", envelope)
		b.Sample(t, "com.qlik.app.created", envelope)
	}
	stop := start(t, b, m, "password")
	m.await(t, len(want))
	stop()
	want = append(want, newUser(t, b, "last@example.com"))
	stop = start(t, b, m, "password")
	mails := m.await(t, len(want))
	stop()
	var got, ids []string
	for _, mail := range mails {
		got, ids = append(got, mail.Rcpt...), append(ids, mail.Headers["Message-ID"])
		if mail.Answer != 250 || mail.Headers["From"] != "Qlik <welcome@example.com>" || !strings.HasPrefix(mail.Text, "Hello ") {
			t.Errorf("got mail %+v, want it from us, with a greeting, and taken", mail)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != len(mails) {
		t.Errorf("got %d Message-IDs, want one for each of %d mails", n, len(mails))
	}
}

// A mail that the server takes later is sent until it is taken, with the same Message-ID each time.
func TestTheSameMailEachTime(t *testing.T) {
	m := startMailServer(t)
	b := apptest.Start(t)
	newUser(t, b, "later-1@example.com")
	stop := start(t, b, m, "password")
	mails := m.await(t, 3)
	stop()
	var answers []int
	for _, mail := range mails {
		answers = append(answers, mail.Answer)
		if got, want := mail.Headers["Message-ID"], mails[0].Headers["Message-ID"]; got != want || !strings.HasSuffix(got, "@example.com>") {
			t.Errorf("got Message-ID %s, want %s, of our domain", got, want)
		}
	}
	if diff := cmp.Diff([]int{451, 451, 250}, answers); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// What can never be sent becomes a dead letter of the group, and the next mail is sent.
func TestMailsThatCannotBeSent(t *testing.T) {
	tests := []struct{ name, email, want string }{
		{"refused by the server", "never-1@example.com", "550"},
		{"no address", "Ann at example.com", "Ann at example.com"},
		{"two addresses", "ann@example.com, bob@example.com", "bob@example.com"},
	}
	m := startMailServer(t)
	b := apptest.Start(t)
	stop := start(t, b, m, "password")
	defer stop()
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			newUser(t, b, tt.email)
			letter := b.Records(t, "qlik.dead-letter.consumer-welcome", i+1)[i]
			if got := letter.Header("error"); !strings.Contains(got, tt.want) {
				t.Errorf("got error %q, want %q in it", got, tt.want)
			}
		})
	}
	newUser(t, b, "ann@example.com")
	if mail := m.await(t, 2)[1]; mail.Answer != 250 || mail.Rcpt[0] != "ann@example.com" {
		t.Errorf("got %+v, want the last mail taken", mail)
	}
}

// A refused login is not the event's fault: the event waits, however often it is tried, and is handled when the password is right.
func TestRefusedLoginKeepsTheEvent(t *testing.T) {
	m := startMailServer(t)
	b := apptest.Start(t)
	newUser(t, b, "ann@example.com")
	stop := start(t, b, m, "wrong")
	const attempts = 7 // more than an event is given
	m.await(t, attempts)
	stop()
	stop = start(t, b, m, "password")
	defer stop()
	for n := attempts; ; n++ {
		if last := m.await(t, n+1)[n]; last.Refused == "" {
			if last.Answer != 250 || last.Rcpt[0] != "ann@example.com" {
				t.Errorf("got %+v, want the mail taken", last)
			}
			return
		}
	}
}

// What a user is called can neither add a header nor a recipient.
func TestHostileNames(t *testing.T) {
	m := startMailServer(t)
	office, err := server{m.address, "welcome@example.com", "user", passwordFile(t, "password")}.open()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"Ann\r\nBcc: eve@example.com", `Ann" <eve@example.com>, "`, "<eve@example.com>", "Änn\x00\x1b[2J", strings.Repeat("a", 3000)} {
		e := event.New()
		e.SetID(fmt.Sprint(i))
		if err := e.SetData(event.ApplicationJSON, map[string]string{"name": name, "email": "ann@example.com"}); err != nil {
			t.Fatal(err)
		}
		if err := office.welcome(t.Context(), e); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		mail := m.await(t, i+1)[i]
		if diff := cmp.Diff([]string{"ann@example.com"}, mail.Rcpt); diff != "" || mail.Headers["Bcc"] != "" {
			t.Errorf("%q: recipients (-want +got):\n%sheaders %v", name, diff, mail.Headers)
		}
	}
}

// Elsewhere than on this machine nothing is sent without TLS, and what the flags say has to make sense.
func TestServer(t *testing.T) {
	tests := []struct {
		name   string
		server server
		want   string // in the error
	}{
		{"no port", server{address: "127.0.0.1", from: "a@example.com"}, "host:port"},
		{"no sender", server{address: "127.0.0.1:25"}, "a mail address"},
		{"no password", server{"127.0.0.1:25", "a@example.com", "user", "nowhere"}, "-password-file"},
		{"elsewhere", server{address: "mail.example.com:587", from: "a@example.com"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			office, err := tt.server.open()
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got error %v, want %q in it", err, tt.want)
				}
			} else if err != nil || office.client.TLSPolicy() != "TLSMandatory" {
				t.Errorf("got %v and TLS policy %s, want TLS to be mandatory", err, office.client.TLSPolicy())
			}
		})
	}
}

func emailOf(t *testing.T, body []byte) string {
	t.Helper()
	var sent struct{ Data struct{ Email string } }
	if err := json.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	return sent.Data.Email
}

// newUser posts a user with this address, and returns it.
func newUser(t *testing.T, b *apptest.Bridge, email string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"specversion": "1.0", "id": "for " + email, "source": "com.qlik/identities", "type": "com.qlik.core.user.created",
		"data": map[string]string{"id": "u-1", "name": "Ann", "email": email},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Post(t, body)
	return email
}

// start runs the consumer from the oldest event on until stop is called, which fails the test where it does not end well.
func start(t *testing.T, b *apptest.Bridge, m *mailServer, password string) (stop func()) {
	t.Helper()
	c := consumer.Config{Kafka: kafka.DefaultConfig(), Group: "consumer-welcome", Retry: consumer.Retry{First: time.Millisecond, Most: time.Millisecond}}
	c.Kafka.Brokers = b.Brokers()
	ctx, cancel := context.WithCancel(t.Context())
	ended, s := make(chan error, 1), server{m.address, "Qlik <welcome@example.com>", "user", passwordFile(t, password)}
	go func() { ended <- run(ctx, c, s) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("got error %v, want a clean stop", err)
		}
	}
}

func passwordFile(t *testing.T, password string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
