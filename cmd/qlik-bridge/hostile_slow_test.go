package main_test

import (
	"io"
	"strings"
	"testing"
)

// slowAttacks keep connections for as little as possible.
var slowAttacks = []attack{
	{"1,500 headers that never end", func(t *testing.T, v *victim) {
		got := flood(1500, func(int) int { return v.drip("POST /webhooks/qlik HTTP/1.1\r\n", "X-A: b\r\n") })
		expectOnly(t, got, 0, 408)
	}},
	{"1,500 bodies that never end", func(t *testing.T, v *victim) {
		got := flood(1500, func(int) int { return v.drip(forged("Content-Length: 1000000")+strings.Repeat("x", 9000), "x") })
		expectOnly(t, got, 0, 408)
	}},
	{"2,000 idle sockets", func(t *testing.T, v *victim) {
		expectOnly(t, flood(2000, func(int) int { return v.send() }), 0)
	}},
	{"2,000 sockets idle after an answer", func(t *testing.T, v *victim) {
		got := flood(2000, func(int) int {
			c := v.dial()
			if c == nil {
				return 0
			}
			defer c.Close()
			_, _ = io.WriteString(c, forged("Content-Length: 0"))
			status(c)
			return status(c)
		})
		expectOnly(t, got, 0)
	}},
	{"500 ask whether to go on and do not", func(t *testing.T, v *victim) {
		got := flood(500, func(int) int {
			c := v.dial()
			if c == nil {
				return 0
			}
			defer c.Close()
			_, _ = io.WriteString(c, forged("Content-Length: 1000000", "Expect: 100-continue"))
			if got := status(c); got != 100 {
				return got
			}
			return status(c)
		})
		expectOnly(t, got, 408)
	}},
	{"1,200 requests of 3,000 header lines and a slow body", func(t *testing.T, v *victim) {
		lines := joined(shortLines(3000))
		got := flood(1200, func(int) int {
			return v.drip(forged("Content-Length: 1000000", strings.TrimSuffix(lines, "\r\n"))+"x", "x")
		})
		expectOnly(t, got, 0, 408)
	}},
	{"1,200 headers of 3,000 lines that never end", func(t *testing.T, v *victim) {
		lines := joined(shortLines(3000))
		got := flood(1200, func(int) int { return v.drip("POST / HTTP/1.1\r\n"+lines, "X: y\r\n") })
		expectOnly(t, got, 0, 408)
	}},
}
