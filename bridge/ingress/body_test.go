package ingress_test

import (
	"strings"

	"qlikbridge/bridge"
)

var bodyCases = []statusCase{
	{name: "exactly the limit", send: wire{body: strings.Repeat("x", limit)}, status: 200, taken: true, body: good},
	{name: "exactly the limit in chunks", send: wire{body: strings.Repeat("x", limit), chunked: true}, status: 200, taken: true, body: good},
	{name: "chunks and a length, which then does not count", send: wire{header: []string{"Content-Length: 3"}, body: event, chunked: true}, status: 200, taken: true, body: good},
	{name: "one byte over the limit", send: wire{body: strings.Repeat("x", limit+1)}, status: 413, reason: bridge.BodyTooLarge},
	{name: "one byte over the limit in chunks", send: wire{body: strings.Repeat("x", limit+1), chunked: true}, status: 413, reason: bridge.BodyTooLarge},
	{name: "far over the limit", send: wire{body: strings.Repeat("x", 1<<20)}, status: 413, reason: bridge.BodyTooLarge},
	{name: "far over the limit in chunks", send: wire{body: strings.Repeat("x", 1<<20), chunked: true}, status: 413, reason: bridge.BodyTooLarge},
	{name: "only the claim is over the limit", impatient: true, send: wire{body: "x", claims: limit + 1}, status: 413, reason: bridge.BodyTooLarge},
	{name: "over the limit and unsigned", send: wire{body: strings.Repeat("x", limit+1), signed: unsigned}, status: 401, reason: bridge.SignatureMissing},
	{name: "a length that asks to go on", impatient: true, send: wire{header: []string{"Expect: 100-continue"}, claims: limit + 1}, status: 413, reason: bridge.BodyTooLarge},
	{name: "gzip", send: wire{header: []string{"Content-Encoding: gzip"}, body: event}, status: 415, reason: bridge.ContentEncoding, header: map[string]string{"Accept-Encoding": "identity"}},
	{name: "two encodings", send: wire{header: []string{"Content-Encoding: identity", "Content-Encoding: br"}, body: event}, status: 415, reason: bridge.ContentEncoding},
	{name: "identity", send: wire{header: []string{"Content-Encoding: Identity"}, body: event}, status: 200, taken: true, body: good},
	{name: "another content type", send: wire{header: []string{"Content-Type: text/plain"}, body: event}, status: 200, taken: true, body: good},
	{name: "too slow", impatient: true, send: wire{body: event, claims: limit}, status: 408, reason: bridge.BodyTooSlow},
	{name: "too slow in chunks", impatient: true, send: wire{header: []string{"Transfer-Encoding: chunked"}, claims: -1, body: "5\r\nhello"}, status: 408, reason: bridge.BodyTooSlow},
	{name: "cut short", send: wire{body: event, claims: limit, ends: true}, status: 400, reason: bridge.BodyIncomplete},
	{name: "cut short in chunks", send: wire{header: []string{"Transfer-Encoding: chunked"}, claims: -1, body: "5\r\nhello\r\n", ends: true}, status: 400, reason: bridge.BodyIncomplete},
	{name: "broken chunks", send: wire{header: []string{"Transfer-Encoding: chunked"}, claims: -1, body: "zz\r\nhello"}, status: 400, reason: bridge.BodyIncomplete},
	{name: "HTTP/1.0", send: wire{version: "HTTP/1.0", body: event}, status: 200, taken: true, body: good},
	{name: "HTTP/1.0 without a length", send: wire{version: "HTTP/1.0", claims: -1, body: "x", signed: []string{sign(activeSecret, "")}}, status: 200, taken: true, body: good},
}
