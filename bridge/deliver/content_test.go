package deliver

import (
	"bytes"
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden requests")

// TestRequests compares requests, as a sink gets them, with those of testdata.
func TestRequests(t *testing.T) {
	form := func(mode Mode, more func(*Subscription)) func(*Subscription) {
		return func(s *Subscription) {
			s.Sink.Mode = mode
			if more != nil {
				more(s)
			}
		}
	}
	tests := []struct {
		name  string
		data  string
		setup func(*Subscription)
	}{
		{name: "binary", data: sampleData, setup: form(Binary, nil)},
		{name: "binary-no-data", setup: form(Binary, nil)},
		{name: "structured", data: sampleData, setup: form(Structured, nil)},
		{name: "structured-no-data", setup: form(Structured, nil)},
		{name: "template", data: sampleData, setup: form(Templated, func(s *Subscription) { s.Sink.Template = `{"text":"New app {{data.name:slack}}"}` })},
		{name: "signed-headers", data: `{}`, setup: form(Structured, func(s *Subscription) {
			s.Signing.SecretFile = write(t, "secret", newSecret)
			s.Sink.Headers = map[string]string{"authorization": write(t, "token", "Bearer abc\n"), "X-Tenant": write(t, "tenant", "# of tests\nt1")}
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startSink(t, nil)
			if a := ready(t, local, subscribe(t, s.URL+"/hooks?x=1", tt.setup)).post(t.Context(), sample(t, tt.data)); a.outcome != Delivered {
				t.Fatalf("got %+v, want delivered", a)
			}
			golden := filepath.Join("testdata", "requests", tt.name+".txt")
			got := s.requests()[0].text()
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestModesAreCloudEvents has the CloudEvents SDK read what a sink gets: the same event, data byte for byte.
func TestModesAreCloudEvents(t *testing.T) {
	for _, mode := range []Mode{Binary, Structured} {
		for name, data := range map[string]string{"object": sampleData, "spaces": `{ "a" : [ 1.50 , 1e2 ] }`, "text": `"abc"`, "none": ""} {
			t.Run(string(mode)+" "+name, func(t *testing.T) {
				s := startSink(t, nil)
				want := sample(t, data)
				want.SetSubject("app-1") // the SDK does not decode what the binding encodes
				ready(t, local, subscribe(t, s.URL, func(s *Subscription) { s.Sink.Mode = mode })).post(t.Context(), want)
				got := read(t, s.requests()[0])
				if diff := cmp.Diff(attributes(want), attributes(got)); diff != "" && mode == Structured {
					t.Errorf("attributes, -want +got:\n%s", diff)
				}
				if got.ID() != want.ID() || got.Type() != want.Type() || got.Source() != want.Source() || !got.Time().Equal(want.Time()) || got.Extensions()["ownerid"] != "u-7" {
					t.Errorf("got %v, want %v", got, want)
				}
				if !bytes.Equal(got.Data(), want.Data()) || string(got.Data()) != data {
					t.Errorf("got data %s, want %s", got.Data(), data)
				}
			})
		}
	}
}

func read(t *testing.T, r received) *event.Event {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, "/", bytes.NewReader([]byte(r.body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = r.header
	e, err := binding.ToEvent(context.Background(), cehttp.NewMessageFromHttpRequest(request))
	if err != nil {
		t.Fatalf("got %v, want an event; request:\n%s", err, r.text())
	}
	if err := e.Validate(); err != nil {
		t.Errorf("got an event that is not valid: %v", err)
	}
	return e
}

// The example with the euro sign is that of the specification.
func TestPercentEncode(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{name: "plain", value: "com.qlik/engine?a=b&c=[d]{e}|~", want: "com.qlik/engine?a=b&c=[d]{e}|~"},
		{name: "of the specification", value: "Euro € 😀", want: "Euro%20%E2%82%AC%20%F0%9F%98%80"},
		{name: "quotes and percent", value: `"100%"`, want: "%22100%25%22"},
		{name: "control characters", value: "a\r\nb\x00\x7f\u0085", want: "a%0D%0Ab%00%7F%C2%85"},
		{name: "nothing", value: "", want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := percentEncode(tt.value); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
