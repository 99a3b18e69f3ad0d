package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The bridge's own account of its spool.
const (
	spoolEvents   = "qlik_bridge_spool_events"
	spoolReplayed = "qlik_bridge_spool_replayed_total"
	spoolSetAside = "qlik_bridge_spool_set_aside_total"
	waitingRecord = "qlik_bridge_kafka_buffered_records"
)

var asking = &http.Client{Timeout: 5 * time.Second}

// metric is the sum of a metric over its labels; 0 where the bridge has none of that name.
func (b *bridge) metric(name string) (float64, error) {
	response, err := asking.Get("http://" + b.admin + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
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

// ready asks /readyz.
func (b *bridge) ready() error {
	response, err := asking.Get("http://" + b.admin + "/readyz")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d: %.500s", b.name, response.StatusCode, body)
	}
	return err
}
