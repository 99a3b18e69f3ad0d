package deliver

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/filter"
	"qlikbridge/topics"
)

// Subscription says which events go to one sink, and how.
type Subscription struct {
	Name        string   `yaml:"name"`        // 1 to 63 lower-case letters, digits and dashes; a label of metrics
	Group       string   `yaml:"group"`       // consumer group, letters, digits, dots, underscores and dashes; default <prefix>deliver.<name>
	Start       Start    `yaml:"start"`       // where a group that is new begins: oldest (default) or latest
	Types       []string `yaml:"types"`       // exact or ending in *, as in tail; none: all
	Families    []string `yaml:"families"`    // none: all
	Filter      any      `yaml:"filter"`      // filters of the CloudEvents Subscriptions API; a list: all of them
	Sink        Sink     `yaml:"sink"`        //
	Signing     Signing  `yaml:"signing"`     //
	Retries     Retries  `yaml:"retries"`     //
	PauseAfter  int      `yaml:"pause_after"` // events in a row that failed every attempt or were unwelcome, and the subscription pauses; default 3
	Unordered   bool     `yaml:"unordered"`   // false: events of one key one after another
	Concurrency int      `yaml:"concurrency"` // requests at once; default 8
	Rate        float64  `yaml:"rate"`        // requests per second, 0.001 or more; 0: no limit
}

// Start is where a group begins that has no offsets yet.
type Start string

// The starts.
const (
	Oldest Start = "oldest"
	Latest Start = "latest"
)

// Sink is where events are posted, and in what form.
type Sink struct {
	URL         string            `yaml:"url"`
	URLFile     string            `yaml:"url_file"` // a file that holds the URL, where it is a secret itself
	Mode        Mode              `yaml:"mode"`     // default structured
	Template    string            `yaml:"template"`
	ContentType string            `yaml:"content_type"` // of the template; default application/json
	Headers     map[string]string `yaml:"headers"`      // :: name -> file that holds the value
	Timeout     Duration          `yaml:"timeout"`      // of an attempt, from the look-up to the answer; default 10s
	CAFile      string            `yaml:"ca_file"`      // PEM certificates that may sign the sink's; default those of the system
}

// Signing says how requests are signed; empty: not at all.
type Signing struct {
	SecretFile string `yaml:"secret_file"`
}

// Retries say how often an event is tried and how long between: exponential, with full jitter.
type Retries struct {
	Attempts int      `yaml:"attempts"` // the first included; default 5
	First    Duration `yaml:"first"`    // default 500ms
	Most     Duration `yaml:"most"`     // default 1m
}

const (
	defaultTimeout     = Duration(10 * time.Second)
	longestTimeout     = Duration(5 * time.Minute)
	defaultPauseAfter  = 3
	defaultConcurrency = 8
	mostConcurrency    = 256
	mostAttempts       = 100
	longestBackoff     = Duration(time.Hour)
	mostTopicName      = 249   // Kafka's
	leastRate          = 0.001 // one request in 17 minutes; less would look as if nothing were delivered
)

// complete fills in defaults.
func (s *Subscription) complete(t topics.Config) {
	or(&s.Group, t.Prefix+"deliver."+s.Name)
	or(&s.Start, Oldest)
	or(&s.Sink.Mode, Structured)
	or(&s.Sink.Timeout, defaultTimeout)
	or(&s.Retries.Attempts, 5)
	or(&s.Retries.First, Duration(500*time.Millisecond))
	or(&s.Retries.Most, Duration(time.Minute))
	or(&s.PauseAfter, defaultPauseAfter)
	or(&s.Concurrency, defaultConcurrency)
	if s.Sink.Mode == Templated {
		or(&s.Sink.ContentType, "application/json")
	}
}

// or sets a value that is not set.
func or[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// check finds what is wrong, with every file that is named too. The error joins faults.
func (s *Subscription) check(n Network, t topics.Config) error {
	var faults []error
	if !validName(s.Name) {
		faults = append(faults, faultf("name", "%q: 1 to 63 lower-case letters, digits and dashes", s.Name))
	}
	if s.Start != Oldest && s.Start != Latest {
		faults = append(faults, faultf("start", "%q: oldest or latest", s.Start))
	}
	_, err := newSink(n, s)
	return errors.Join(append(faults, s.checkGroup(t), s.checkChoice(), s.checkNumbers(), err)...)
}

// checkGroup refuses a group whose name no topic for its dead letters can hold.
func (s *Subscription) checkGroup(t topics.Config) error {
	letters := consumer.DeadLetterTopic(t.Prefix, s.Group)
	switch {
	case strings.Trim(s.Group, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != "":
		return faultf("group", "%q: letters, digits, dots, underscores and dashes", s.Group)
	case len(letters) > mostTopicName:
		return faultf("group", "%d characters; the topic for its dead letters, %s…, has room for %d", len(s.Group), letters[:len(letters)-len(s.Group)], mostTopicName-len(letters)+len(s.Group))
	}
	return nil
}

func (s *Subscription) checkChoice() error {
	if _, err := topics.Default().Select(nil, s.Families); err != nil {
		return faultf("families", "%w", err)
	}
	if _, err := topics.Default().Select(s.Types, s.Families); err != nil {
		return faultf("types", "%w", err)
	}
	if s.Filter == nil {
		return nil
	}
	if _, err := filter.Parse(s.Filter); err != nil {
		return faultf("filter", "%w", err)
	}
	return nil
}

func (s *Subscription) checkNumbers() error {
	switch r := s.Retries; {
	case r.Attempts < 1 || r.Attempts > mostAttempts:
		return faultf("retries.attempts", "%d: 1 to %d", r.Attempts, mostAttempts)
	case r.First < Duration(time.Millisecond) || r.First > longestBackoff:
		return faultf("retries.first", "%s: 1ms to %s", r.First, longestBackoff)
	case r.Most < r.First || r.Most > longestBackoff:
		return faultf("retries.most", "%s: retries.first (%s) to %s", r.Most, r.First, longestBackoff)
	case s.PauseAfter < 1:
		return faultf("pause_after", "%d: 1 or more", s.PauseAfter)
	case s.Concurrency < 1 || s.Concurrency > mostConcurrency:
		return faultf("concurrency", "%d: 1 to %d", s.Concurrency, mostConcurrency)
	case s.Rate != 0 && !(s.Rate >= leastRate) || math.IsInf(s.Rate, 1): // NaN is not >= anything
		return faultf("rate", "%v: 0 (no limit), or %v and more", s.Rate, leastRate)
	case s.Sink.Timeout < Duration(time.Millisecond) || s.Sink.Timeout > longestTimeout:
		return faultf("sink.timeout", "%s: 1ms to %s", s.Sink.Timeout, longestTimeout)
	}
	return nil
}

// retry says the same to package consumer.
func (r Retries) retry() consumer.Retry {
	return consumer.Retry{Attempts: r.Attempts, First: time.Duration(r.First), Most: time.Duration(r.Most)}
}

func validName(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return name != "" && len(name) <= 63
}

// files are those that the subscription names and that are read again when they change.
func (s *Subscription) files() []string {
	var all []string
	for _, path := range []string{s.Sink.URLFile, s.Sink.CAFile, s.Signing.SecretFile} {
		if path != "" {
			all = append(all, path)
		}
	}
	for _, path := range s.Sink.Headers {
		all = append(all, path)
	}
	return all
}

// consumer is the configuration of the subscription's consumer, but for Kafka and topics.
func (s *Subscription) consumer() (consumer.Config, error) {
	c := consumer.Config{
		Group: s.Group, Types: s.Types, Families: s.Families, FromLatest: s.Start == Latest, Unordered: s.Unordered, Concurrency: s.Concurrency,
		InFlight: max(64, 4*s.Concurrency), Retry: s.Retries.retry(),
	}
	if s.Filter != nil {
		f, err := filter.Parse(s.Filter)
		if err != nil {
			return c, fmt.Errorf("filter: %w", err)
		}
		c.Choose = f.Match
	}
	return c, nil
}
