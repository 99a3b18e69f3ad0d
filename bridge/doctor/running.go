package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// start is the remedy where no bridge answers.
const start = "start it (`qlik-bridge serve`), or say where it is: "

// live asks whether a bridge runs at all.
func (x *examination) live(ctx context.Context) ([]Finding, bool) {
	url := x.adminURL() + "/livez"
	status, body, err := get(ctx, url)
	switch {
	case err != nil:
		return []Finding{fail(live, url, fmt.Errorf("no bridge answers: %w", err), start+"--admin-url")}, false
	case status != http.StatusOK || !strings.Contains(string(body), `"live"`):
		return []Finding{fail(live, url, fmt.Sprintf("the answer is %d and not the bridge's", status), "give its admin port by --admin-url")}, false
	}
	return []Finding{ok(live, url, "it runs")}, true
}

// ready asks whether it can keep its promise.
func (x *examination) ready(ctx context.Context) ([]Finding, bool) {
	url := x.adminURL() + "/readyz"
	status, body, err := get(ctx, url)
	if err != nil {
		return []Finding{fail(ready, url, err, start+"--admin-url")}, false
	}
	answer := struct{ Reasons []string }{}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		return []Finding{fail(ready, url, fmt.Sprintf("%d: %s", status, strings.Join(answer.Reasons, "; ")), "mend what it names; what is above may say more")}, false
	}
	if len(answer.Reasons) > 0 {
		return []Finding{warn(ready, url, "ready, but: "+strings.Join(answer.Reasons, "; "), "mend what it names; until then the spool takes what Kafka does not")}, true
	}
	return []Finding{ok(ready, url, "ready: deliveries are answered 200 once Kafka has them")}, true
}

// adminURL is where admin_listen says, without a slash at its end.
func (x *examination) adminURL() string {
	if x.AdminURL != "" {
		return strings.TrimSuffix(x.AdminURL, "/")
	}
	return "http://" + reachable(x.Config.AdminListen)
}

// reachable makes of an address to listen on one to connect to: all interfaces are also the loopback's.
func reachable(listen string) string {
	host, port, _ := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

func get(ctx context.Context, url string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	return exchange(http.DefaultClient, request)
}

// exchange reads no more of an answer than the bridge's could be.
func exchange(client *http.Client, request *http.Request) (int, []byte, error) {
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, body, err
}
