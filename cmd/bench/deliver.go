package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// subscriptions is how many there are in all, with three bad ones among them or none.
const subscriptions = 20

// The two forms of a measurement, as samples and reports name them.
const (
	withoutBad = "all well"
	withBad    = "3 bad"
)

// deliverDefaults sets what -deliver measures unless the flags say otherwise.
func (opt *options) deliverDefaults(flags *flag.FlagSet) error {
	if !opt.deliver {
		return nil
	}
	return setDefaults(flags, map[string]string{"rounds": "4", "duration": "20s", "warmup": "10s"})
}

// deliverLimit is limit for -deliver: every measurement settles, and waits for subscriptions to start.
func (opt options) deliverLimit() time.Duration {
	return opt.warmup + 2*time.Duration(opt.rounds)*(opt.duration+settleLimit+startLimit) + 5*time.Minute
}

// deliverBench is one run of `qlik-bridge deliver` and the sinks that it posts to.
type deliverBench struct {
	b     *bench
	srv   *server
	sinks *sinks
	file  string // of subscriptions
	load  *events
	setup int // how often the file was written
}

// measureDeliver measures how long events take from their record to sinks that are well: with three others that are bad (one refuses connections, one
// takes 2 s, one always answers 429), and with three that are well in their place. Both in each round, in turns.
func (b *bench) measureDeliver(ctx context.Context) error {
	if err := b.kafka.ensureTopic(ctx); err != nil {
		return err
	}
	sinks, err := startSinks()
	if err != nil {
		return err
	}
	defer sinks.close()
	d := &deliverBench{b: b, sinks: sinks, file: filepath.Join(b.site.dir, "subscriptions.yaml"), load: newEvents(b.kafka.client, sinks)}
	if err := d.subscribe(withoutBad); err != nil {
		return err
	}
	srv, err := b.site.startDeliver(b.opt.bridge, d.file)
	if err := b.keep(ctx, srv, err); err != nil {
		return err
	}
	d.srv = srv
	if _, err := d.measure(ctx, withoutBad, b.opt.warmup); err != nil {
		return fmt.Errorf("warm-up: %w", err)
	}
	printLagHeader(b.opt.progress())
	var lags []lag
	for round := 1; round <= b.opt.rounds; round++ {
		for i := range 2 {
			form := []string{withoutBad, withBad}[(i+round)%2]
			l, err := d.measure(ctx, form, b.opt.duration)
			if err != nil {
				return fmt.Errorf("round %d, %s: %w", round, form, err)
			}
			l.Round = round
			l.print(b.opt.progress())
			lags = append(lags, l)
		}
	}
	r := newLagReport(b.opt, lags)
	return errors.Join(r.print(b.opt), r.judge())
}

// measure subscribes in a form, sends events for so long, and waits until every sink that is well has all of them.
func (d *deliverBench) measure(ctx context.Context, form string, length time.Duration) (lag, error) {
	if err := d.subscribe(form); err != nil {
		return lag{}, err
	}
	if err := d.awaitSubscriptions(ctx); err != nil {
		return lag{}, err
	}
	bad := d.sinks.requests()
	start, err := readMeter(d.srv.pid)
	if err = errors.Join(err, resetPeak(d.srv.pid)); err != nil {
		return lag{}, err
	}
	began := time.Now()
	first, next, err := d.load.send(ctx, d.b.opt.rate, length)
	if err != nil {
		return lag{}, err
	}
	missing := d.sinks.settle(ctx, first, next)
	used, err := readMeter(d.srv.pid)
	peak, err2 := memory(d.srv.pid, "VmHWM")
	if err = errors.Join(err, err2); err != nil {
		return lag{}, fmt.Errorf("deliver died under load: see %s: %w", d.srv.log.Name(), err)
	}
	l := newLag(form, d.sinks.lags(first, next), missing)
	l.Events, l.PerSecond, l.PeakRSS = next-first, float64(next-first)/length.Seconds(), peak
	l.CPU = float64(used.since(start).server.Microseconds()) / float64(max(l.Deliveries, 1))
	l.Others = (used.since(start).machine - used.since(start).server - used.since(start).generator).Seconds() / time.Since(began).Seconds()
	l.Bad = d.sinks.requests().minus(bad)
	return l, nil
}

// subscribe writes the file: seventeen subscriptions that stay, and three of the form. These have new names each time, and begin with the next event,
// so that none has a backlog of an earlier measurement.
func (d *deliverBench) subscribe(form string) error {
	d.setup++
	text := "allow_private: true\nsubscriptions:\n"
	for i := range subscriptions - 3 {
		text += subscription(fmt.Sprintf("well-%d", i), d.sinks.url(fmt.Sprintf("/well/%d", i)))
	}
	urls := map[string]string{"dead": d.sinks.dead, "slow": d.sinks.url("/slow"), "limited": d.sinks.url("/limited")}
	for name, url := range urls {
		if form == withoutBad {
			url = d.sinks.url("/spare/" + name)
		}
		text += subscription(fmt.Sprintf("%s-%d", name, d.setup), url)
	}
	return os.WriteFile(d.file, []byte(text), 0o600)
}

func subscription(name, url string) string {
	return fmt.Sprintf("  - name: %s\n    families: [apps]\n    start: latest\n    sink: {url: %q}\n", name, url)
}

// awaitSubscriptions waits until the subscriptions of the file run, each with the partitions of the topic.
func (d *deliverBench) awaitSubscriptions(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		ready, err := d.subscriptionsRun(ctx)
		if ready {
			return nil
		}
		select {
		case <-d.srv.exited:
			return fmt.Errorf("deliver ended: see %s", d.srv.log.Name())
		case <-ctx.Done():
			return fmt.Errorf("not all subscriptions run, see %s: %w, %w", d.srv.log.Name(), err, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (d *deliverBench) subscriptionsRun(ctx context.Context) (bool, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.srv.admin+"/", nil)
	if err != nil {
		return false, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	var status struct {
		Subscriptions []struct {
			Name       string `json:"name"`
			Partitions int    `json:"partitions"`
		} `json:"subscriptions"`
	}
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
		return false, err
	}
	run, fresh := 0, 0
	for _, s := range status.Subscriptions {
		if s.Partitions == partitions {
			run++
		}
		for _, name := range []string{"dead", "slow", "limited"} {
			if s.Name == fmt.Sprintf("%s-%d", name, d.setup) {
				fresh++
			}
		}
	}
	return run == subscriptions && fresh == 3, nil
}
