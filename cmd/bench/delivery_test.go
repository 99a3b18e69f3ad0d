package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// Every request is whole HTTP, signed, about 1 KB of JSON, with an id that no other has, about one of a thousand apps.
func TestStreamMakesUniqueSignedEvents(t *testing.T) {
	secret := []byte("a secret of thirty-two characters")
	ids, apps := map[string]bool{}, map[string]bool{}
	for range 3 {
		events := newStream("127.0.0.1:8080", secret)
		for range 1000 {
			id, app := readEvent(t, events.next(), secret)
			ids[id], apps[app] = true, true
		}
	}
	if len(ids) != 3000 {
		t.Errorf("got %d different ids, want 3000", len(ids))
	}
	if len(apps) < 900 || len(apps) > 1000 {
		t.Errorf("got %d different apps, want nearly 1000", len(apps))
	}
}

// readEvent checks one request and returns the id of its event and of its app.
func readEvent(t *testing.T, request []byte, secret []byte) (id, app string) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r.Body)
	if err != nil || len(got) < 900 || len(got) > 1300 {
		t.Fatalf("got a body of %d bytes and error %v, want about 1 KB", len(got), err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(got)
	if want := hex.EncodeToString(mac.Sum(nil)); r.Header.Get("Qlik-Signature") != want {
		t.Fatalf("got signature %s, want %s", r.Header.Get("Qlik-Signature"), want)
	}
	var event struct {
		ID, TopLevelResourceID string
		Data                   struct{ ID string }
	}
	if err := json.Unmarshal(got, &event); err != nil {
		t.Fatal(err)
	}
	if event.Data.ID != event.TopLevelResourceID || len(event.ID) != 36 || len(event.Data.ID) != 36 {
		t.Fatalf("got ids %+v, want two UUIDs, the app's twice", event)
	}
	return event.ID, event.Data.ID
}
