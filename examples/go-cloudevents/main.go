// New apps, in Go with the CloudEvents SDK over sarama and nothing of this project.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/IBM/sarama"
	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
)

var types = []string{"com.qlik.app.created", "com.qlik.v1.app.created"} // today's name and the older one

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	config := sarama.NewConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	brokers := strings.Split(cmp.Or(os.Getenv("BROKERS"), "127.0.0.1:9092"), ",")
	group, err := sarama.NewConsumerGroup(brokers, cmp.Or(os.Getenv("GROUP"), "new-apps-go-cloudevents"), config)
	if err != nil {
		log.Fatal(err)
	}
	topics := []string{cmp.Or(os.Getenv("PREFIX"), "qlik.") + "apps"}
	for err == nil && ctx.Err() == nil {
		err = group.Consume(ctx, topics, subscriber{}) // returns at every rebalance
	}
	if err := errors.Join(err, group.Close()); err != nil { // Close commits what is marked, and leaves the group
		log.Fatal(err)
	}
}

func handle(e *event.Event) error {
	fmt.Println(e.Type(), e.ID())
	return nil
}

type subscriber struct{}

func (subscriber) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (subscriber) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim reads one partition until a rebalance or the end. After an error it is called again, and begins behind the last mark.
func (subscriber) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	seen, ids := map[string]bool{}, []string{} // an event that comes again has the same key, and so the same partition
	for record := range claim.Messages() {
		message := kafka_sarama.NewMessageFromConsumerMessage(record)
		typ, id := string(message.Headers["ce_type"]), string(message.Headers["ce_id"])
		if slices.Contains(types, typ) && !seen[id] { // nothing else is parsed
			e, err := binding.ToEvent(session.Context(), message)
			if err == nil {
				err = handle(e)
			}
			if err != nil {
				log.Print(err)
				return err
			}
			seen[id], ids = true, append(ids, id)
			if len(ids) > 10_000 {
				delete(seen, ids[0])
				ids = ids[1:]
			}
		}
		session.MarkMessage(record, "") // committed every second, and at the end
	}
	return nil
}
