package ingress

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"qlikbridge/bridge"
)

// signatureHeader is the header in which Qlik signs (qlik.dev, Verify webhook signatures).
const signatureHeader = "Qlik-Signature"

// maxTarget bounds what a request keeps of its first line while its body is read.
const maxTarget = 2 << 10

// linger is how long the rest of a refused body is waited for, so that its sender is ready to read the answer, and its connection good for another
// request.
const linger = time.Second

// receive answers one request: admitted and ingested, or refused.
func (s *Server) receive(c echo.Context) error {
	x := s.begin(c)
	defer x.report()
	defer x.end()
	defer x.rescue(c.Response())

	err := x.admit(c)
	if err != nil {
		x.status, x.response, x.reason = answerRefusal(err)
		_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(linger))
		x.write(c.Response())
		return nil
	}
	receipt := s.ingest(c.Request().Context(), bridge.Delivery{
		Origin: bridge.Webhook, Source: x.source.Name, Body: x.body.whole(), ReceivedAt: x.started, TraceParent: x.traceParent,
	})
	x.receipt = &receipt
	x.status, x.response = answerReceipt(&receipt)
	x.write(c.Response())
	return nil
}

// begin takes from a request what is needed, and lets go of the rest of its header: a body may take its time, and a header of many lines
// much room.
func (s *Server) begin(c echo.Context) *exchange {
	r := c.Request()
	x := &exchange{
		server: s, request: r, started: s.now(), source: s.sources[c.Param("source")],
		client: s.clients.address(r), signature: r.Header.Values(signatureHeader),
		encoded: !isIdentity(r.Header.Values("Content-Encoding")), long: len(r.RequestURI) > maxTarget,
		body: body{room: s.room, limit: int(s.config.MaxBodyBytes)},
	}
	if value := r.Header.Get("Traceparent"); bridge.IsTraceParent(value) {
		x.traceParent = value
	}
	x.conn, _ = r.Context().Value(connKey{}).(*conn)
	x.extra = x.conn != nil && x.conn.begin()
	r.Header, r.Trailer, r.Host = http.Header{}, nil, ""
	return x
}

// end gives back what the request had.
func (x *exchange) end() {
	x.body.release()
	if x.conn != nil {
		x.conn.end(x.signed)
	}
}

// admit lets a request in, cheapest check first, and reads its body. The rate is counted after the signature: nobody else's requests
// can use up Qlik's.
func (x *exchange) admit(c echo.Context) error {
	r := x.request
	if err := x.server.clients.check(x.client); err != nil {
		return err
	}
	switch {
	case !strings.HasPrefix(r.URL.Path, "/webhooks/") || c.Path() == "/*" || x.long:
		return bridge.Refuse(bridge.UnknownPath, "nothing is served here; webhooks go to /webhooks/{source}")
	case x.source == nil:
		return bridge.Refuse(bridge.UnknownSource, "no source of this name is configured")
	case r.Method != http.MethodPost:
		return bridge.Refuse(bridge.WrongMethod, "only POST is allowed")
	case x.encoded:
		return bridge.Refuse(bridge.ContentEncoding, "an encoded body is not taken; send it as it is")
	}
	if err := bridge.CheckSignature(x.signature); err != nil { // before any room is made for a body
		return err
	}
	if err := x.body.read(r, x.extra); err != nil {
		return err
	}
	x.bytes = x.body.size
	return x.verify()
}

func (x *exchange) verify() error {
	var err error
	if x.secret, err = x.source.Keyring.Verify(x.signature, x.body.parts...); err != nil {
		return err
	}
	if x.signed = x.conn != nil; x.signed {
		x.conn.hold()
	}
	if ok, wait := x.source.take(x.server.now()); !ok { // not x.started: a slow body would turn the limiter's clock back
		x.retryAfter = retryAfter(wait)
		return bridge.Refuse(bridge.RateLimited, "more than the configured rate; try again in %s s", x.retryAfter)
	}
	return nil
}

// write sends the answer; that the sender is gone by then is noted.
func (x *exchange) write(w http.ResponseWriter) {
	body, _ := json.Marshal(x.response) // strings and numbers alone
	header := w.Header()
	if x.server.retired.Load() || x.reason == bridge.AddressNotAllowed { // nothing of a stranger's body is waited for
		header.Set("Connection", "close")
	}
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
