package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/kafka"
)

// remedies are for errors that waiting does not mend. {topic} and {group} stand for the names.
var remedies = []struct {
	err    error
	remedy string
}{
	{kerr.TopicAuthorizationFailed, "grant the login Describe and Read on the topic"},
	{kerr.GroupAuthorizationFailed, "grant the login Read on the group"},
	{kerr.ClusterAuthorizationFailed, "grant the login what the broker's log names, on the cluster"},
	{kerr.SaslAuthenticationFailed, "check Kafka.SASL: the broker refuses the login"},
	{kerr.UnsupportedSaslMechanism, "check Kafka.SASL.Mechanism: the broker does not offer it"},
	{kerr.IllegalSaslState, "check Kafka.SASL: the broker takes no login on this port"},
	{kerr.InvalidGroupID, "choose another Group: the broker does not take this name"},
	{kerr.InconsistentGroupProtocol, "choose another Group: members that are no consumers of this library have it, and share partitions out in another way"},
	{kerr.GroupMaxSizeReached, "stop other members, or raise group.max.size of the brokers"},
	{kerr.InvalidSessionTimeout, "let the brokers allow sessions of 45 s (group.min.session.timeout.ms, group.max.session.timeout.ms)"},
	{kgo.ErrClientClosed, "make another consumer: this one was closed"},
	{kafka.ErrCredentials, "check Kafka.SASL"},
	{kafka.ErrMechanism, "check Kafka.SASL.Mechanism"},
	{kafka.ErrNoLogin, "leave Kafka.SASL out, or take the port that has logins"},
	{kafka.ErrWantsLogin, "set Kafka.SASL"},
	{kafka.ErrHungUp, "check Kafka.SASL: some brokers answer a wrong password so"},
	{kafka.ErrWantsTLS, "set Kafka.TLS.Enabled"},
	{kafka.ErrPlainText, "leave Kafka.TLS.Enabled out, or take the port that speaks TLS"},
	{kafka.ErrNoWelcome, "check Kafka.TLS.CertFile: the broker wants another client certificate"},
	{kafka.ErrDenied, "grant the login Describe on the topics, and Write on the one for dead letters"},
}

// remedy adds to an error what to do; nil where waiting may mend it.
func (c *Consumer) remedy(err error, topic string) error {
	what := "group " + c.config.Group
	if topic != "" {
		what += ", topic " + topic
	}
	if tooLarge := (*kgo.ErrDecompressTooLarge)(nil); errors.As(err, &tooLarge) {
		return fmt.Errorf("%s: %w; the batch cannot be read, set the group's offset behind it", what, err)
	}
	for _, r := range remedies {
		if errors.Is(err, r.err) {
			return fmt.Errorf("%s: %w; %s", what, err, r.remedy)
		}
	}
	return nil
}

// madeAnew is the error of a topic that was deleted and made anew: a member reads the one that it began with, and never the other.
type madeAnew struct{ topic string }

func (e *madeAnew) Error() string { return "topic " + e.topic + " was deleted and made anew" }

// trouble goes through the errors that came with records. It returns the first that waiting does not mend, be it a madeAnew, and logs the others, each
// once in a row.
func (c *Consumer) trouble(fetches kgo.Fetches) (fatal error) {
	fetches.EachError(func(topic string, partition int32, err error) {
		switch f := c.remedy(err, topic); {
		case fatal != nil:
		case f != nil:
			fatal = f
		case errors.Is(err, kerr.UnknownTopicID): // franz-go has kept it to itself for as long as the topic may just be young
			fatal = &madeAnew{topic}
		}
		if text := err.Error(); fatal == nil && text != c.lastTrouble {
			c.lastTrouble = text
			c.log.Warn("Kafka is in trouble; it is tried again", slog.String("group", c.config.Group), slog.String("topic", topic),
				slog.Int("partition", int(partition)), slog.Any("error", err))
		}
	})
	return fatal
}

// diagnose finds out why no broker answers, where that is the login or TLS: franz-go tries for long, and then says that a connection ended.
func (c *Consumer) diagnose(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, prepareLimit)
	defer cancel()
	for _, broker := range c.config.Kafka.Brokers {
		if err := c.config.Kafka.Login(ctx, broker); err != nil {
			if finding := c.remedy(err, ""); finding != nil {
				return finding
			}
		}
	}
	return nil
}
