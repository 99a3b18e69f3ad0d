// Command consumer-cloudevents is a reference consumer: it shows that what the bridge publishes is read with the CloudEvents SDK for Go
// and nothing of the bridge's own. It joins a consumer group, prints one line per event (time, type, id, source, topic; tabs between),
// and commits an event's offset only once the event is printed, so that a consumer that dies sees it again: at least once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/IBM/sarama"
	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	"golang.org/x/sync/errgroup"
)

func main() {
	brokers := flag.String("brokers", "127.0.0.1:9092", "seed brokers, host:port, comma-separated")
	topics := flag.String("topic", "qlik.apps", "topics to read, comma-separated")
	group := flag.String("group", "consumer-cloudevents", "consumer group; a new one begins at the oldest event")
	count := flag.Int("count", 0, "stop after so many events; 0: go on until interrupted")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := consume(ctx, strings.Split(*brokers, ","), strings.Split(*topics, ","), *group, *count, func(topic string, e *event.Event) error {
		_, err := fmt.Printf("%s\t%s\t%s\t%s\t%s\n", e.Time().Format(time.RFC3339Nano), e.Type(), e.ID(), e.Source(), topic)
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "consumer-cloudevents:", err)
		os.Exit(1)
	}
}

// consume hands the events of the topics to handle, one after another, until count are handled or ctx ends. It stops at the first error:
// to step over an event would commit it unhandled with the next one.
func consume(ctx context.Context, brokers, topics []string, group string, count int, handle func(topic string, e *event.Event) error) error {
	config := sarama.NewConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	members, err := sarama.NewConsumerGroup(brokers, group, config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	receiver, work := kafka_sarama.NewReceiver(), new(errgroup.Group)
	work.Go(func() (err error) {
		defer cancel()
		for ctx.Err() == nil && err == nil { // Consume returns at every rebalance
			err = members.Consume(ctx, topics, receiver)
		}
		return err
	})
	for n := 0; (count == 0 || n < count) && err == nil; n++ {
		err = next(ctx, receiver, handle)
	}
	cancel()
	if errors.Is(err, io.EOF) { // ctx ended, which is no failure
		err = nil
	}
	return errors.Join(err, work.Wait(), members.Close()) // Close commits what was finished
}

// next waits for one event; its error is io.EOF once ctx has ended.
func next(ctx context.Context, receiver *kafka_sarama.Receiver, handle func(topic string, e *event.Event) error) error {
	message, err := receiver.Receive(ctx)
	if err != nil {
		return err
	}
	e, err := binding.ToEvent(ctx, message)
	if err == nil {
		err = e.Validate()
	}
	if err == nil {
		// A structured event says nothing of Kafka; the SDK keeps topic, partition and offset beside it.
		record := binding.UnwrapMessage(message).(*kafka_sarama.Message)
		err = handle(string(record.Headers["ce_kafkatopic"]), e)
	}
	return errors.Join(err, message.Finish(err))
}
