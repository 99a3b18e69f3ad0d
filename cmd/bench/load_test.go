package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Each answer is counted once, by its status and outcome, and a 200 without an outcome we know is a failure.
func TestGenerateCountsEveryAnswer(t *testing.T) {
	answers := []struct {
		status int
		body   string
	}{
		{200, `{"outcome":"published"}`}, {200, `{"outcome":"spooled"}`}, {503, `{"error":"full"}`}, {200, `{"outcome":"duplicate"}`},
	}
	var counts [4]atomic.Int64
	var next atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		i := next.Add(1) % 4
		counts[i].Add(1)
		w.WriteHeader(answers[i].status)
		fmt.Fprint(w, answers[i].body)
	})
	srv := httptest.NewServer(handler)
	defer srv.Close()
	l := generate(t.Context(), strings.TrimPrefix(srv.URL, "http://"), []byte("secret"), 4, 50*time.Millisecond)
	got := [3]int64{int64(l.published), int64(l.spooled), int64(l.failed)}
	want := [3]int64{counts[0].Load(), counts[1].Load(), counts[2].Load() + counts[3].Load()}
	if got != want || got[0] == 0 {
		t.Errorf("got %v published, spooled, failed, want %v", got, want)
	}
	if len(l.latencies) != int(got[0]+got[1]+got[2]) || l.failure == nil {
		t.Errorf("got %d latencies and failure %v, want one for every answer, and the first failure", len(l.latencies), l.failure)
	}
}

func TestParseAnswer(t *testing.T) {
	tests := []struct {
		name, data string
		status     int
		whole, bad bool
	}{
		{name: "whole", data: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", status: 200, whole: true},
		{name: "no body", data: "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", status: 503, whole: true},
		{name: "body cut", data: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", status: 200},
		{name: "head cut", data: "HTTP/1.1 200 OK\r\nContent-"},
		{name: "chunked", data: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", bad: true},
		{name: "not HTTP", data: "hi\r\nContent-Length: 2\r\n\r\n", bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, whole, err := parseAnswer([]byte(tt.data))
			if a.status != tt.status || whole != tt.whole || (err != nil) != tt.bad {
				t.Errorf("got %d, %t, %v, want %d, %t, error %t", a.status, whole, err, tt.status, tt.whole, tt.bad)
			}
		})
	}
}
