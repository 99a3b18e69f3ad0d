package consumer

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

const (
	prepareLimit = 15 * time.Second // for one attempt
	prepareEvery = 2 * time.Second  // between two
	prepareSure  = 3                // attempts in a row that end with the same finding, for it to be believed
)

// prepare waits for Kafka, sees to the topic for dead letters, and notes what is there. The error is ctx's, or one that waiting does not mend.
func (c *Consumer) prepare(ctx context.Context) error {
	for first := true; ; first = false {
		err := c.prepareOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		fatal := c.unmended(err)
		if fatal == nil {
			fatal = c.find(ctx)
		}
		if fatal != nil {
			return fatal
		}
		if first {
			c.log.Warn("Kafka does not answer; waiting for it", slog.String("group", c.config.Group), slog.Any("error", err))
		}
		pause(ctx)
	}
}

// find makes sure of a finding: a broker that comes up just now may look like one that hangs up on us.
func (c *Consumer) find(ctx context.Context) error {
	finding := c.diagnose(ctx)
	for i := 1; i < prepareSure && finding != nil; i++ {
		pause(ctx)
		if again := c.diagnose(ctx); again == nil || again.Error() != finding.Error() {
			return nil
		}
	}
	return finding
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(prepareEvery):
	}
}

// unmended returns the error that waiting does not mend behind one of prepareOnce; nil where it may.
func (c *Consumer) unmended(err error) error {
	if errors.Is(err, errNoDeadLetters) {
		return err
	}
	if fatal := c.remedy(err, ""); fatal != nil {
		return fatal
	}
	if kafka := (*kerr.Error)(nil); errors.As(err, &kafka) && !kafka.Retriable {
		return err
	}
	return nil
}

func (c *Consumer) prepareOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, prepareLimit)
	defer cancel()
	if err := c.ensureDeadLetterTopic(ctx); err != nil {
		return err
	}
	there, err := c.dead.Partitions(ctx, c.topics...)
	if err != nil {
		return err
	}
	if c.partitionsBefore, err = c.passed(ctx, there); err != nil {
		return err
	}
	var missing []string
	for _, topic := range c.topics {
		if _, ok := there[topic]; !ok {
			missing = append(missing, topic)
		}
	}
	if len(missing) > 0 {
		c.log.Warn("topics do not exist yet; they are read when they do, and `qlik-bridge topics apply` makes them",
			slog.String("group", c.config.Group), slog.Any("topics", missing))
	}
	return nil
}

// passed are those of the partitions that are there which may be begun at their ends: all, for a group that has no offset anywhere. Otherwise what has
// no offset was made since the group began, though no member may have run then, and all that is in it came after.
func (c *Consumer) passed(ctx context.Context, there map[string]int32) (map[string]int32, error) {
	if !c.config.FromLatest {
		return nil, nil
	}
	commits, err := c.dead.Commits(ctx, c.config.Group)
	if err != nil || len(commits) > 0 {
		return nil, err
	}
	return there, nil
}
