package app

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"qlikbridge/bridge"
)

// newRegistry makes a registry with the metrics that every server of the bridge has.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	promauto.With(reg).NewGaugeVec(prometheus.GaugeOpts{Name: "qlik_bridge_build_info", Help: "Always 1; the label is the binary's version."},
		[]string{"version"}).WithLabelValues(bridge.Version()).Set(1)
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}
