package deliver

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/watch"
	"qlikbridge/topics"
)

// Options are what a deliverer stands on.
type Options struct {
	Path       string // the subscriptions file
	Kafka      kafka.Config
	Topics     topics.Config
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: unregistered
}

// Deliverer runs every subscription of a file, from New and one Run.
type Deliverer struct {
	// Fixed.
	options Options
	watch   *watch.Watch
	metrics *Metrics

	mu      sync.Mutex // guards what follows
	file    File
	broken  error               // why the file as it is now is not in use
	running map[string]*running // :: name of a subscription
	alive   map[*running]bool   // those that have not ended: running, and what was stopped and still drains

	couriers sync.WaitGroup
}

// running is a courier under way.
type running struct {
	courier *courier
	cancel  context.CancelFunc
	done    chan struct{} // closed when it has ended
}

// New reads the subscriptions file and all that it names, as Load does. It talks to nobody.
func New(o Options) (*Deliverer, error) {
	d := &Deliverer{options: o, watch: watch.New(o.Path), running: map[string]*running{}, alive: map[*running]bool{}}
	var err error
	if d.file, err = Load(o.Path, o.Topics); err != nil {
		return nil, err
	}
	d.metrics = NewMetrics(o.Registerer)
	d.metrics.fileOK(true)
	return d, nil
}

// Run delivers until ctx ends, and returns when requests under way have ended, what is done is committed and every group is left: at the most 30 s
// later. It is to be called once.
//
// When the file changes, subscriptions that are new or have changed are started or started again, and those that are gone are stopped; the others
// do not notice. A file that cannot be used changes nothing.
func (d *Deliverer) Run(ctx context.Context) error {
	if err := d.apply(ctx, d.file); err != nil {
		return err
	}
	d.watch.Run(ctx, func() error { return d.reload(ctx) }, d.reloaded)
	d.couriers.Wait()
	return nil
}

func (d *Deliverer) reload(ctx context.Context) error {
	f, err := Load(d.options.Path, d.options.Topics)
	if err != nil {
		return err
	}
	return d.apply(ctx, f)
}

func (d *Deliverer) reloaded(err error) {
	d.mu.Lock()
	d.broken = err
	n := len(d.running)
	d.mu.Unlock()
	d.metrics.fileOK(err == nil)
	if err != nil {
		d.options.Log.Error("the subscriptions file changed but cannot be used; the subscriptions before stay", "error", err)
		return
	}
	d.options.Log.Info("subscriptions read again", "subscriptions", n)
}

// apply makes what runs what a file says. All of it stands before any of it is started.
func (d *Deliverer) apply(ctx context.Context, f File) error {
	wanted := map[string]*courier{} // :: name; nil: as it runs
	for _, s := range f.Subscriptions {
		wanted[s.Name] = nil
		if d.runs(f.Network, s) {
			continue
		}
		c, err := newCourier(f.Network, s, d.options, d.metrics)
		if err != nil {
			return err
		}
		wanted[s.Name] = c
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.file = f
	for name, r := range d.running {
		if _, ok := wanted[name]; !ok {
			d.stop(name, r)
		}
	}
	for name, c := range wanted {
		if c != nil {
			d.start(ctx, name, c)
		}
	}
	return nil
}

// runs reports whether a subscription runs as it is.
func (d *Deliverer) runs(n Network, s Subscription) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, ok := d.running[s.Name]
	return ok && reflect.DeepEqual(r.courier.network, n) && reflect.DeepEqual(r.courier.subscription, s)
}

// start starts a courier when those that it follows have ended.
func (d *Deliverer) start(ctx context.Context, name string, c *courier) {
	before := d.before(c.subscription)
	ctx, cancel := context.WithCancel(ctx)
	r := &running{c, cancel, make(chan struct{})}
	d.running[name], d.alive[r] = r, true
	d.couriers.Go(func() {
		defer d.ended(r)
		for _, b := range before {
			b.cancel()
		}
		for _, b := range before {
			<-b.done
		}
		c.run(ctx)
	})
	d.options.Log.Info("subscription started", "subscription", name, "group", c.subscription.Group, "sink", c.sink.Load().site())
}

// before are the couriers that have to end before one of a subscription begins: of its name, since its metrics are theirs, and of its group, which has
// one member here. No other subscription of the file has either, so each was stopped, or is replaced too.
func (d *Deliverer) before(s Subscription) (before []*running) {
	for r := range d.alive {
		if other := r.courier.subscription; other.Name == s.Name || other.Group == s.Group {
			before = append(before, r)
		}
	}
	return before
}

// ended notes that a courier has, and drops its metrics where it has no successor.
func (d *Deliverer) ended(r *running) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.alive, r)
	r.cancel()
	if name := r.courier.subscription.Name; d.running[name] == nil {
		d.metrics.forget(name)
	}
	close(r.done)
}

// stop stops a courier that has no successor of its name.
func (d *Deliverer) stop(name string, r *running) {
	delete(d.running, name)
	r.cancel()
	d.options.Log.Info("subscription stopped", "subscription", name)
}

// Ready reports whether every subscription can read from Kafka, and which cannot. Sinks do not count: a restart would not mend them.
func (d *Deliverer) Ready() (bool, []string) {
	why := []string{}
	for _, s := range d.Status().Subscriptions {
		if s.State == Failing {
			why = append(why, fmt.Sprintf("subscription %s: %s", s.Name, s.Why))
		}
	}
	return len(why) == 0, why
}
