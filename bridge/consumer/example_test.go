package consumer_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
)

// A service that greets every new user. It ends cleanly when it is asked to.
func Example() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	config := consumer.Config{Group: "welcome", Types: []string{"com.qlik.core.user.created"}}
	service, err := consumer.New(config, func(ctx context.Context, e event.Event) error {
		var user struct{ Name, Email string }
		if err := e.DataAs(&user); err != nil {
			return consumer.Refuse(err) // it will not be readable the next time either
		}
		fmt.Println("welcome,", user.Name)
		return nil
	}, consumer.Options{Log: slog.Default()})
	if err != nil {
		log.Fatal(err)
	}
	if err := service.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
