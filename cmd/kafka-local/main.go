// Command kafka-local runs one real Kafka node for scripts: it prints the brokers on one line and keeps Kafka alive until SIGINT,
// SIGTERM, or the end of its standard input, so that Kafka ends with the script that holds the other end of the pipe, however that
// script ends. Which Kafka it is says package kafkatest; Go tests use that package instead.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"qlikbridge/bridge/kafkatest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kafka-local:", err)
		os.Exit(1)
	}
}

// run blocks until ctx ends or in does; Kafka is gone when it returns. Its start can be interrupted in the same ways.
func run(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in) // an input that cannot be read has ended too
		cancel()
	}()
	kafka, err := kafkatest.Start(ctx, kafkatest.Options{})
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "kafka-local:", kafka.Provider())
	_, err = fmt.Fprintln(out, strings.Join(kafka.Brokers(), ","))
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, kafka.Close())
}
