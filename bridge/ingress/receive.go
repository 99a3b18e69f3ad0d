package ingress

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"qlikbridge/bridge"
)

// signatureHeader is the header in which Qlik signs (qlik.dev, Verify webhook signatures).
const signatureHeader = "Qlik-Signature"

// receive answers one request: admitted and ingested, or refused.
func (s *Server) receive(c echo.Context) error {
	x := &exchange{server: s, request: c.Request(), started: s.now(), source: s.sources[c.Param("source")]}
	defer x.report()
	defer x.rescue(c.Response())
	buffer := buffers.Get().(*[]byte)
	defer release(buffer)

	err := x.admit(c, buffer)
	if err != nil {
		x.status, x.response, x.reason = answerRefusal(err)
		x.write(c.Response())
		return nil
	}
	receipt := s.ingest(c.Request().Context(), bridge.Delivery{
		Origin: bridge.Webhook, Source: x.source.Name, Body: *buffer, ReceivedAt: x.started, TraceParent: x.traceParent(),
	})
	x.receipt = &receipt
	x.status, x.response = answerReceipt(&receipt)
	x.write(c.Response())
	return nil
}

// admit lets a request in, cheapest check first, and reads its body. The rate is counted after the signature: nobody else's requests
// can use up Qlik's.
func (x *exchange) admit(c echo.Context, body *[]byte) error {
	r := x.request
	switch {
	case !strings.HasPrefix(r.URL.Path, "/webhooks/") || c.Path() == "/*":
		return bridge.Refuse(bridge.UnknownPath, "nothing is served here; webhooks go to /webhooks/{source}")
	case x.source == nil:
		return bridge.Refuse(bridge.UnknownSource, "no source of this name is configured")
	case r.Method != http.MethodPost:
		return bridge.Refuse(bridge.WrongMethod, "only POST is allowed")
	case !isIdentity(r.Header.Values("Content-Encoding")):
		return bridge.Refuse(bridge.ContentEncoding, "an encoded body is not taken; send it as it is")
	}
	if err := bridge.CheckSignature(r.Header.Values(signatureHeader)); err != nil { // before any room is made for a body
		return err
	}
	if err := readBody(r, body, x.server.config.MaxBodyBytes); err != nil {
		return err
	}
	x.bytes = len(*body)
	return x.verify(*body)
}

func (x *exchange) verify(body []byte) error {
	var err error
	if x.secret, err = x.source.Keyring.Verify(x.request.Header.Values(signatureHeader), body); err != nil {
		return err
	}
	if wait := x.source.wait(x.server.now()); wait > 0 { // not x.started: a slow body would turn the limiter's clock back
		x.retryAfter = retryAfter(wait)
		return bridge.Refuse(bridge.RateLimited, "more than the configured rate; try again in %s s", x.retryAfter)
	}
	return nil
}

func (x *exchange) traceParent() string {
	if value := x.request.Header.Get("Traceparent"); bridge.IsTraceParent(value) {
		return value
	}
	return ""
}

// write sends the answer; that the sender is gone by then is noted.
func (x *exchange) write(w http.ResponseWriter) {
	body, _ := json.Marshal(x.response) // strings and numbers alone
	header := w.Header()
	switch x.status {
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", unavailable)
	case http.StatusTooManyRequests:
		header.Set("Retry-After", x.retryAfter)
	case http.StatusMethodNotAllowed:
		header.Set("Allow", http.MethodPost)
	case http.StatusUnsupportedMediaType:
		header.Set("Accept-Encoding", "identity") // RFC 9110, section 15.5.16
	}
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(x.status)
	_, err := w.Write(body)
	x.unanswered = err != nil
}

func isIdentity(encodings []string) bool {
	return len(encodings) == 0 || len(encodings) == 1 && (encodings[0] == "" || strings.EqualFold(encodings[0], "identity"))
}
