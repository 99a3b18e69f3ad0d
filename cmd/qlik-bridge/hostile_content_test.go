package main_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// contentAttacks are signed: somebody in the tenant can make Qlik send them.
var contentAttacks = []attack{
	{"gzip bombs", func(t *testing.T, v *victim) {
		bomb := gzipped(strings.Repeat("\x00", 100<<20))
		got := flood(50, func(int) int { return v.send(v.signed(bomb, "Content-Encoding: gzip")) })
		expectOnly(t, got, 415)
		v.expectOutcome(t, bomb, "dead-letter", "invalid_utf8")
	}},
	{"100,000 levels", func(t *testing.T, v *victim) {
		deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
		for _, body := range []string{deep, `{"type":"com.qlik.app.created","data":` + deep + `}`, strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)} {
			expectOnly(t, flood(50, func(int) int { return v.send(v.signed(body)) }), 200)
		}
		v.expectOutcome(t, `{"type":"com.qlik.app.created","data":`+deep+`}`, "dead-letter", "too_deep")
	}},
	{"numbers of 100,000 digits", func(t *testing.T, v *victim) {
		number := strings.Repeat("9", 100_000)
		for _, body := range []string{number, `{"type":"com.qlik.app.created","data":{"n":` + number + `}}`, `{"type":"com.qlik.app.created","n":` + number + `,"data":1e` + number + `}`} {
			expectOnly(t, flood(50, func(int) int { return v.send(v.signed(body)) }), 200)
		}
		v.expectOutcome(t, `{"id":"new","type":"com.qlik.app.created","data":{"n":`+number+`}}`, "published", "")
	}},
	{"100,000 members of one name", func(t *testing.T, v *victim) {
		body := `{"type":"com.qlik.app.created"` + strings.Repeat(`,"a":1`, 100_000) + `}`
		expectOnly(t, flood(50, func(int) int { return v.send(v.signed(body)) }), 200)
		v.expectOutcome(t, body, "dead-letter", "duplicate_key")
	}},
	{"100,000 members", func(t *testing.T, v *victim) {
		var b strings.Builder
		b.WriteString(`{"type":"com.qlik.app.created"`)
		for n := range 60_000 {
			fmt.Fprintf(&b, `,"a%x":1`, n)
		}
		body := b.String() + "}"
		expectOnly(t, flood(50, func(int) int { return v.send(v.signed(body)) }), 200)
		v.expectOutcome(t, body, "dead-letter", "too_many_attributes")
	}},
	{"bad UTF-8", func(t *testing.T, v *victim) {
		for _, bad := range []string{"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", strings.Repeat("\x80", 500_000)} {
			expectOnly(t, flood(20, func(int) int { return v.send(v.signed(`{"type":"com.qlik.app.created","data":"` + bad + `"}`)) }), 200)
		}
		v.expectOutcome(t, "{\"type\":\"com.qlik.app.created\",\"data\":\"\xff\"}", "dead-letter", "invalid_utf8")
	}},
	{"ever new types and paths", func(t *testing.T, v *victim) {
		n := 50_000
		if testing.Short() {
			n = 3_000
		}
		v.variety(t, 0, 500)
		before := v.series(t)
		v.variety(t, 500, n)
		if after := v.series(t); after != before {
			t.Errorf("got %d series after %d types and paths, want as many as after 500, %d", after, n, before)
		}
	}},
}

// expectOutcome posts a signed body and looks what became of it.
func (v *victim) expectOutcome(t *testing.T, body, outcome, reason string) {
	t.Helper()
	got, err := v.tenant.Post(context.Background(), []byte(body))
	must(t, err)
	if got.Status != 200 || got.Outcome != outcome || got.Reason != reason {
		t.Errorf("got %+v, want %s %s", got, outcome, reason)
	}
}

// variety sends an event of a new type, and one to a new path, for each number.
func (v *victim) variety(t *testing.T, from, to int) {
	t.Helper()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	var senders sync.WaitGroup
	for sender := range 16 {
		senders.Go(func() {
			for n := from + sender; n < to; n += 16 {
				v.post(t, client, v.tenant.URL, fmt.Sprintf(`{"type":"com.qlik.new%x","source":"com.qlik/%x","data":{"id":"%x"}}`, n, n, n), 200)
				v.post(t, client, fmt.Sprintf("%s%x/%x", v.tenant.URL, n, n), "x", 404)
			}
		})
	}
	senders.Wait()
}

func (v *victim) post(t *testing.T, client *http.Client, url, body string, want int) {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	request.Header.Set("Qlik-Signature", v.tenant.Sign([]byte(body)))
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != want {
		t.Errorf("%s: got %d, want %d", url, response.StatusCode, want)
	}
}

// series is how many of ours there are.
func (v *victim) series(t *testing.T) int {
	t.Helper()
	response, err := http.Get("http://" + v.admin + "/metrics")
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return strings.Count("\n"+string(text), "\nqlik_bridge_")
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}
