package proof

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

var asking = &http.Client{Timeout: 5 * time.Second}

// Metric asks a bridge's admin port (host:port) and returns the sum of a metric over its labels; 0 where there is none of that name.
func Metric(admin, name string) (float64, error) {
	response, err := asking.Get("http://" + admin + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s answers %d to /metrics", admin, response.StatusCode)
	}
	return sumOf(response.Body, name)
}

// sumOf reads Prometheus' text format as far as it is needed here: a line per sample, the name, labels perhaps, and the value.
func sumOf(text io.Reader, name string) (sum float64, err error) {
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		rest, ours := strings.CutPrefix(lines.Text(), name)
		if !ours || rest == "" || rest[0] != ' ' && rest[0] != '{' {
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
