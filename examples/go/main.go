// New apps, in Go with the library of this project.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	c := consumer.Config{
		Kafka:  kafka.DefaultConfig(),
		Topics: topics.DefaultConfig(),
		Group:  cmp.Or(os.Getenv("GROUP"), "new-apps-go"),
		Types:  []string{"com.qlik.app.created"}, // today's name finds the older one too
	}
	c.Kafka.Brokers = strings.Split(cmp.Or(os.Getenv("BROKERS"), "127.0.0.1:9092"), ",")
	c.Topics.Prefix = cmp.Or(os.Getenv("PREFIX"), "qlik.")
	reader, err := consumer.New(c, handle, consumer.Options{Log: slog.Default()})
	if err == nil {
		err = reader.Run(ctx) // returns once the stop is clean
	}
	if err != nil {
		log.Fatal(err)
	}
}

func handle(_ context.Context, e event.Event) error {
	fmt.Println(e.Type(), e.ID())
	return nil // an error is tried again, then set aside on qlik.dead-letter.GROUP
}
