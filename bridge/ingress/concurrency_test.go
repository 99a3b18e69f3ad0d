package ingress_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"qlikbridge/bridge"
)

// TestBodiesAreNotShared lets 64 senders post bodies of their own at once; while one is ingested, its bytes must stay what they were.
func TestBodiesAreNotShared(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.ingest = func(delivery bridge.Delivery) bridge.Receipt {
			before := string(delivery.Body)
			id, filler, _ := strings.Cut(before, " ")
			for range 20 {
				runtime.Gosched()
				if string(delivery.Body) != before || strings.Trim(filler, id[len(id)-1:]) != "" {
					id = "mixed up"
				}
			}
			r := published(delivery)
			r.Event = &bridge.Event{ID: id}
			return r
		}
	})
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var senders sync.WaitGroup
	for sender := range 64 {
		senders.Go(func() {
			for n := range 10 {
				// From a few bytes to more than what a buffer keeps.
				id := fmt.Sprintf("%d-%d-%c", sender, n, 'a'+sender%26)
				body := id + " " + strings.Repeat(id[len(id)-1:], 1<<(n+sender%8))
				if err := post(client, d.url("/webhooks/qlik"), body, id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	if got := d.calls.Load(); got != 640 {
		t.Errorf("got %d ingested, want 640", got)
	}
}

// post delivers a body and looks for its id in the answer.
func post(client *http.Client, url, body, id string) error {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Qlik-Signature", sign(activeSecret, body))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if want := fmt.Sprintf(`"id":%q`, id); response.StatusCode != 200 || !bytes.Contains(text, []byte(want)) {
		return fmt.Errorf("got %d %s, want 200 and %s", response.StatusCode, text, want)
	}
	return nil
}
