package main

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"qlikbridge/bridge/proof"
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
func (b *bridge) metric(name string) (float64, error) { return proof.Metric(b.admin, name) }

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
