package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"golang.org/x/net/http/httpguts"

	"qlikbridge/bridge"
	"qlikbridge/bridge/file"
)

// sink is a Sink that is ready to be posted to: files read, nothing left to be wrong but the sink itself. It never changes; when a file changes,
// another takes its place. It is safe for concurrent use.
type sink struct {
	url     *url.URL
	header  http.Header // of every request
	signer  signer
	content content
	client  *http.Client
	timeout time.Duration
	version int // 0, and one more with each that takes another's place
}

// newSink reads the files and checks everything; the error joins faults of keys of the subscription.
func newSink(n Network, s *Subscription) (*sink, error) {
	k := &sink{timeout: time.Duration(s.Sink.Timeout)}
	var faults []error
	for _, step := range []func(Network, *Subscription) error{k.address, k.headers, k.signing, k.form, k.connections} {
		faults = append(faults, step(n, s))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return k, nil
}

// address settles the URL. An address in it is checked here already; a name is looked up at every connection, and checked there.
func (k *sink) address(n Network, s *Subscription) (err error) {
	key, text := "sink.url", s.Sink.URL
	if (s.Sink.URL == "") == (s.Sink.URLFile == "") {
		return faultf(key, "one of url and url_file")
	}
	if s.Sink.URLFile != "" {
		key = "sink.url_file"
		if text, err = line(s.Sink.URLFile); err != nil {
			return faultf(key, "%w", err)
		}
	}
	if k.url, err = parseURL(text); err != nil {
		return faultf(key, "%w", err)
	}
	if at, err := netip.ParseAddr(k.url.Hostname()); err == nil && n.Proxy == "" {
		g, err := newGuard(n)
		if err == nil {
			err = g.check(at)
		}
		if err != nil {
			return faultf(key, "%w", err)
		}
	}
	return nil
}

// ours are headers that a subscription cannot set: the bridge does, or HTTP.
var ours = []string{"Content-Type", "Content-Length", "Content-Encoding", "Host", "Connection", "Transfer-Encoding", "Trailer", "Upgrade", "Te", "Keep-Alive", "Expect"}

// headers reads the files of headers. The error joins what is wrong with each.
func (k *sink) headers(_ Network, s *Subscription) error {
	k.header = http.Header{"User-Agent": {"qlik-bridge/" + bridge.Version()}}
	as := map[string]string{} // :: canonical name -> name
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(s.Sink.Headers)) {
		canonical := http.CanonicalHeaderKey(name)
		if other, twice := as[canonical]; twice {
			faults = append(faults, faultf("sink.headers."+name, "%s is the same header; one of them", other))
			continue
		}
		as[canonical] = name
		faults = append(faults, k.readHeader(name, s.Sink.Headers[name]))
	}
	return errors.Join(faults...)
}

func (k *sink) readHeader(name, path string) error {
	key, canonical := "sink.headers."+name, http.CanonicalHeaderKey(name)
	if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || name == "" {
		return faultf("sink.headers", "%q is no name of a header", name)
	}
	if strings.HasPrefix(canonical, "Ce-") || strings.HasPrefix(canonical, "Webhook-") || slices.Contains(ours, canonical) {
		return faultf(key, "this header is not the subscription's to set")
	}
	value, err := line(path)
	if err != nil {
		return faultf(key, "%w", err)
	}
	k.header.Set(canonical, value)
	return nil
}

// line is the one line of a file, in printable ASCII; the error does not hold it.
func line(path string) (string, error) {
	lines, err := file.Lines(path)
	if err != nil {
		return "", err
	}
	if len(lines) != 1 || strings.ContainsFunc(lines[0], func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", fmt.Errorf("%s does not hold exactly one line of printable ASCII", path)
	}
	return lines[0], nil
}

func (k *sink) signing(_ Network, s *Subscription) (err error) {
	if s.Signing.SecretFile == "" {
		return nil
	}
	if k.signer, err = loadSigner(s.Signing.SecretFile); err != nil {
		return faultf("signing.secret_file", "%w", err)
	}
	return nil
}

// form settles the content.
func (k *sink) form(_ Network, s *Subscription) (err error) {
	switch s.Sink.Mode {
	case Binary, Structured:
		if s.Sink.Template != "" || s.Sink.ContentType != "" {
			return faultf("sink.mode", "%q has no template and no content_type; mode template has", s.Sink.Mode)
		}
	case Templated:
		if s.Sink.Template == "" {
			return faultf("sink.template", "mode template needs one")
		}
	default:
		return faultf("sink.mode", "%q: binary, structured or template", s.Sink.Mode)
	}
	if k.content, err = newContent(s.Sink); err != nil {
		return faultf("sink.template", "%w", err)
	}
	return nil
}

// connections settles how the sink is reached.
func (k *sink) connections(n Network, s *Subscription) (err error) {
	if k.client, err = newClient(n, s.Sink, s.Concurrency); err != nil {
		return faultf("sink.ca_file", "%w", err) // the network was checked with the file
	}
	return nil
}

// errContentType is of an event whose type of data no header can hold.
var errContentType = errors.New("datacontenttype holds characters that no header of HTTP can; mode structured can carry it")

// request makes the request for an event; an error is final. net/http would refuse a header before it connects, as if the sink were away, and the gate
// would close for ever: so the one header that an event writes as it is, in mode binary, is looked at here.
func (k *sink) request(ctx context.Context, e *event.Event, now time.Time) (*http.Request, error) {
	header := maps.Clone(k.header)
	body, err := k.content(e, header)
	if err != nil {
		return nil, err
	}
	if !httpguts.ValidHeaderFieldValue(header.Get(contentType)) {
		return nil, errContentType
	}
	if err := k.signer.sign(header, webhookID(e), now, body); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, k.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	r.Header = header
	return r, nil
}

// close gives up connections that are not in use.
func (k *sink) close() { k.client.CloseIdleConnections() }

// site is the sink for logs and status pages: without path and query, which can be secrets.
func (k *sink) site() string { return k.url.Scheme + "://" + k.url.Host }

// clearText reports whether secrets cross the network readable.
func (k *sink) clearText() bool { return k.url.Scheme == "http" && len(k.header) > 1 }
