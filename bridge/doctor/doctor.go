package doctor

import (
	"context"
	"time"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// Doctor examines one installation. All fields are fixed.
type Doctor struct {
	Config    app.Config
	Environ   []string // of the process, to be searched for misspelt settings
	AdminURL  string   // of the running bridge; empty: from admin_listen
	URL       string   // where a webhook would post; empty: from listen and the first source
	RoundTrip bool     // send one event the whole way; it stays in the topic of unknown types
	NoSpool   bool     // the spool's folder is on another machine than the doctor
	Now       func() time.Time
}

// Examine runs every check, each within a deadline of its own, and tells each finding as soon as it is there. It blocks until the last
// has ended, or ctx has.
func (d *Doctor) Examine(ctx context.Context, tell func(Finding)) {
	x := &examination{Doctor: d, unusable: map[string]bool{}, denied: map[string]bool{}}
	defer x.close()
	for _, c := range x.checks() {
		if ctx.Err() != nil {
			return
		}
		for _, f := range x.run(ctx, c) {
			tell(f)
		}
	}
}

// examination is one run, and what its checks have learned for later ones.
type examination struct {
	*Doctor
	unusable map[string]bool // :: name of a check -> what depends on it is skipped
	client   *kafka.Client   // nil: its files are broken
	cluster  kafka.Cluster
	denied   map[string]bool // :: operation -> some topic does not allow it
	sent     sent            // by the round trip
}

// check is one question, or several that belong together.
type check struct {
	name   string
	needs  []string // checks without which this one cannot be
	within time.Duration
	run    func(context.Context) (found []Finding, usable bool)
}

// checks are all, from the outside in; what is learned of Qlik's side belongs at the end.
func (x *examination) checks() []check {
	c := x.Config
	dial := c.Kafka.DialTimeout
	checks := []check{
		{configuration, nil, 10 * time.Second, x.files},
		{login, []string{configuration}, dnsTimeout + 3*dial + loginTimeout, x.seeds},
		{cluster, []string{configuration, login}, 10*time.Second + dnsTimeout + 3*dial + loginTimeout, x.brokers},
		{acl, []string{cluster}, 20 * time.Second, x.permissions},
		{topicState, []string{cluster, acl}, 20 * time.Second, x.topics},
		{clock, []string{cluster}, 10 * time.Second, x.clock},
	}
	if !x.NoSpool {
		checks = append(checks, check{spool, []string{configuration}, 10 * time.Second, x.spool})
	}
	checks = append(checks,
		check{live, nil, 5 * time.Second, x.live},
		check{ready, []string{live}, 5 * time.Second, x.ready})
	door := []string{live}
	if x.URL != "" {
		door = nil // the admin port may not be for who stands outside
	}
	if x.RoundTrip {
		checks = append(checks,
			check{roundTrip, door, c.AckTimeout + 5*time.Second, x.send},
			check{record, []string{roundTrip, cluster}, 10 * time.Second, x.find})
	}
	return checks
}

// The names of the checks. Those of a broker (dns, connect, tls, login) come once per broker.
const (
	configuration = "configuration"
	dns           = "dns"
	connect       = "connect"
	handshake     = "tls"
	login         = "login"
	cluster       = "cluster"
	acl           = "acl"
	topicState    = "topics"
	partitions    = "partitions"
	clock         = "clock"
	spool         = "spool"
	live          = "bridge"
	ready         = "readiness"
	roundTrip     = "round trip"
	record        = "record"
)

func (x *examination) run(ctx context.Context, c check) []Finding {
	for _, other := range c.needs {
		if x.unusable[other] {
			x.unusable[c.name] = true
			return []Finding{needs(c.name, "", other)}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	found, usable := c.run(ctx)
	x.unusable[c.name] = !usable
	return found
}

func (x *examination) close() {
	if x.client != nil {
		x.client.Close()
	}
}

// specs are what the topics of all families are to be.
func (x *examination) specs() []topics.Spec {
	return x.Config.Topics.Specs(topics.Default(), len(x.cluster.Brokers), x.Config.Kafka.MaxMessageBytes)
}
