package main_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// sizeAttacks send much.
var sizeAttacks = []attack{
	{"500 forged bodies of 1 MiB", func(t *testing.T, v *victim) {
		body := strings.Repeat("x", 1<<20)
		expectOnly(t, flood(500, func(int) int { return v.send(forged("Content-Length: 1048576"), body) }), 401, 503, 0)
	}},
	{"500 forged bodies of 1 MiB that wait for their last byte", func(t *testing.T, v *victim) {
		body := strings.Repeat("x", 1<<20-1)
		expectOnly(t, flood(500, func(int) int { return v.send(forged("Content-Length: 1048576"), body) }), 408, 503, 0)
	}},
	{"50 bodies of 100 MB", func(t *testing.T, v *victim) {
		expectOnly(t, flood(50, func(int) int { return v.endless(forged("Content-Length: 100000000"), strings.Repeat("x", 64<<10)) }), 413)
	}},
	{"50 bodies of 100 MB in chunks", func(t *testing.T, v *victim) {
		chunk := fmt.Sprintf("%x\r\n%s\r\n", 64<<10, strings.Repeat("x", 64<<10))
		expectOnly(t, flood(50, func(int) int { return v.endless(forged("Transfer-Encoding: chunked"), chunk) }), 413, 503)
	}},
	{"20 bodies in chunks of a byte", func(t *testing.T, v *victim) {
		chunk := strings.Repeat("1\r\nx\r\n", 10_000)
		expectOnly(t, flood(20, func(int) int { return v.endless(forged("Transfer-Encoding: chunked"), chunk) }), 413, 503, 408)
	}},
	{"a Content-Length that is too long", func(t *testing.T, v *victim) {
		got := flood(200, func(int) int {
			c := v.dial()
			defer c.Close()
			_, _ = io.WriteString(c, forged("Content-Length: 1000000")+"x")
			_ = c.(*net.TCPConn).CloseWrite()
			return status(c)
		})
		expectOnly(t, got, 400)
	}},
	{"a Content-Length that is too short", func(t *testing.T, v *victim) {
		hidden := v.signed(legacyEvent)
		got := flood(200, func(int) int { return v.send(forged("Content-Length: 3") + strings.Repeat("x", 100) + hidden) })
		expectOnly(t, got, 401)
	}},
	{"200 headers of 1 MB", func(t *testing.T, v *victim) {
		expectOnly(t, flood(200, func(int) int { return v.send(forged("X: " + strings.Repeat("x", 1<<20))) }), 431, 0)
	}},
	{"200 request targets of 15 kB", func(t *testing.T, v *victim) {
		got := flood(200, func(int) int {
			return v.drip("POST /webhooks/qlik?"+strings.Repeat("x", 15_000)+" HTTP/1.1\r\nHost: bridge\r\nQlik-Signature: "+strings.Repeat("0", 64)+"\r\nContent-Length: 1000000\r\n\r\n", "x")
		})
		expectOnly(t, got, 404, 0)
	}},
}

// endless writes a header and then the same text until it is taken no more, or 100 MB went, and gives the status of the answer.
func (v *victim) endless(header, text string) int {
	all := []string{header}
	for sent := 0; sent < 100_000_000; sent += len(text) {
		all = append(all, text)
	}
	return v.send(all...)
}
