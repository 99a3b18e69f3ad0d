package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"qlikbridge/bridge/proof"
)

// probeEvery is how often the balancer asks /readyz, more often than Kubernetes does and still not at every request.
const probeEvery = 200 * time.Millisecond

// balancer passes requests on to the bridges in turn, leaving out those that say they are not ready. As Kubernetes does, it tries no
// request twice: what an instance refuses, the sender sees.
type balancer struct {
	stage *stage
	ready []atomic.Bool // :: bridge -> whether it was at the last probe
	turn  atomic.Uint64
	done  chan struct{}
}

// startBalancer stands in front of all bridges that the stage has now, and returns its URL.
func (s *stage) startBalancer() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must("start the balancer", err)
	p := &balancer{stage: s, ready: make([]atomic.Bool, len(s.bridges)), done: make(chan struct{})}
	proxy := &httputil.ReverseProxy{Rewrite: p.rewrite, ModifyResponse: p.sign, ErrorHandler: p.fail,
		Transport: &http.Transport{MaxIdleConnsPerHost: things}}
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // until it is closed
	s.onEnd(func() { close(p.done); _ = server.Close() })
	bridges := s.bridges // fixed from now on
	p.probe(bridges)
	go func() {
		for {
			select {
			case <-p.done:
				return
			case <-time.After(probeEvery):
				p.probe(bridges)
			}
		}
	}()
	return "http://" + l.Addr().String() + "/webhooks/qlik"
}

func (p *balancer) probe(bridges []*bridge) {
	for i, b := range bridges {
		p.ready[i].Store(b.ready() == nil)
	}
}

func (p *balancer) rewrite(r *httputil.ProxyRequest) {
	turn := p.turn.Add(1)
	for i := range p.ready {
		n := (int(turn) + i) % len(p.ready)
		if p.ready[n].Load() {
			r.SetURL(&url.URL{Scheme: "http", Host: p.stage.bridges[n].listen})
			return
		}
	}
	r.SetURL(&url.URL{Scheme: "http", Host: "no-bridge-is-ready.invalid"})
}

// sign says which instance answered, for the checker.
func (p *balancer) sign(response *http.Response) error {
	response.Header.Set(proof.InstanceHeader, response.Request.URL.Host)
	return nil
}

func (p *balancer) fail(w http.ResponseWriter, r *http.Request, err error) {
	w.WriteHeader(http.StatusBadGateway)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": errors.Join(fmt.Errorf("%s", r.URL.Host), err).Error()}) // the sender may be gone
}
