package main_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

// protocolAttacks are not HTTP, or HTTP as nobody writes it.
var protocolAttacks = []attack{
	{"no HTTP/1", func(t *testing.T, v *victim) {
		for name, text := range map[string]string{
			"HTTP/0.9":         "GET /webhooks/qlik\r\n\r\n",
			"HTTP/0.9, posted": "POST /webhooks/qlik\r\n\r\n" + legacyEvent,
			"HTTP/2":           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
			"HTTP/3.0":         strings.Replace(v.signed(legacyEvent), "HTTP/1.1", "HTTP/3.0", 1),
			"TLS":              "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
			"noise":            strings.Repeat("\xde\xad\xbe\xef\x00\n", 10_000),
			"empty lines":      strings.Repeat("\r\n", 50_000),
			"a NUL in a name":  strings.Replace(v.signed(legacyEvent), "Host", "Ho\x00st", 1),
			"bare line feeds":  strings.Replace(v.signed(legacyEvent), "Host: bridge\r\n", "Host: bridge\r\nX : y\r\n", 1),
			"two lengths":      v.signed(legacyEvent, "Content-Length: 3"),
		} {
			if got := flood(50, func(int) int { return v.send(text) }); got[200] != 0 || got[-1] != 0 {
				t.Errorf("%s: got statuses %v, want an end and no 200", name, got)
			}
		}
	}},
	{"a length and chunks", func(t *testing.T, v *victim) {
		hidden := "0\r\n\r\n" + v.signed(legacyEvent)
		got := flood(50, func(int) int {
			return v.send(forged("Content-Length: 5", "Transfer-Encoding: chunked") + hidden)
		})
		expectOnly(t, got, 401, 400)
	}},
	{"request targets", func(t *testing.T, v *victim) {
		for target, want := range map[string]int{
			"http://elsewhere/webhooks/qlik": 200, // absolute form names the same resource (RFC 9112, section 3.2.2)
			"/webhooks/qlik?a=b":             200,
			"http://elsewhere/":              404,
			"/webhooks/../webhooks/qlik":     404,
			"/webhooks/qlik/":                404,
			"//webhooks/qlik":                404,
			"/webhooks/%71lik%00":            404,
			"*":                              404,
			"elsewhere:443":                  404,
		} {
			if got := v.send(strings.Replace(v.signed(legacyEvent), "/webhooks/qlik", target, 1)); got != want {
				t.Errorf("%s: got %d, want %d", target, got, want)
			}
		}
	}},
	{"pipelines", func(t *testing.T, v *victim) {
		one := forged("Content-Length: 3") + "abc"
		got := flood(50, func(int) int { return v.pipelined(strings.Repeat(one, 200)+v.signed(legacyEvent), 201) })
		expectOnly(t, got, 200)
	}},
	{"pipelines whose answers nobody reads", func(t *testing.T, v *victim) {
		text := strings.Repeat(forged("Content-Length: 3")+"abc", 20_000)
		flood(50, func(int) int {
			c := v.dial()
			defer c.Close()
			_, _ = io.WriteString(c, text)
			return 0
		})
	}},
	{"an expectation that nobody knows", func(t *testing.T, v *victim) {
		expectOnly(t, flood(50, func(int) int { return v.send(forged("Expect: 200-ok", "Content-Length: 3") + "abc") }), 417)
	}},
	{"a hurry to go on", func(t *testing.T, v *victim) {
		got := flood(50, func(int) int { return v.pipelined(v.signed(legacyEvent, "Expect: 100-continue"), 2) })
		expectOnly(t, got, 200)
	}},
}

// pipelined writes requests at once, and gives the status of the last of so many answers.
func (v *victim) pipelined(text string, n int) int {
	c := v.dial()
	if c == nil {
		return 0
	}
	defer c.Close()
	go func() { _, _ = io.WriteString(c, text) }()
	last, r := 0, bufio.NewReader(c)
	for range n {
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return last
		}
		_, _ = io.Copy(io.Discard, response.Body)
		last = response.StatusCode
	}
	return last
}

// shortLines are header lines that take much more room parsed than sent.
func shortLines(n int) []string {
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	all := make([]string, n)
	for i := range all {
		all[i] = string([]byte{digits[i%36], digits[i/36%36], digits[i/1296%36]}) + ":"
	}
	return all
}
