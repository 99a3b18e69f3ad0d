package proof

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

var asking = &http.Client{Timeout: 5 * time.Second}

// Metric asks a bridge's admin port (host:port) and returns the sum of a metric over its labels, or over those samples alone that have some
// (secret="active"); 0 where there is none.
func Metric(admin, name string, labels ...string) (float64, error) {
	response, err := asking.Get("http://" + admin + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s answers %d to /metrics", admin, response.StatusCode)
	}
	return sumOf(response.Body, name, labels...)
}

// sumOf reads Prometheus' text format as far as it is needed here: a line per sample, the name, labels perhaps, and the value.
func sumOf(text io.Reader, name string, labels ...string) (sum float64, err error) {
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		rest, ours := strings.CutPrefix(lines.Text(), name)
		other := func(label string) bool { return !strings.Contains(rest, label) }
		if !ours || rest == "" || rest[0] != ' ' && rest[0] != '{' || slices.ContainsFunc(labels, other) {
			continue
		}
		value, err := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", name, err)
		}
		sum += value
	}
	return sum, lines.Err()
}
