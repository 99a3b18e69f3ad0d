// Command consumer-slack is a reference consumer: it shows the consumer library at its shortest, and how a service that asks for patience
// is given it. It posts a message for each new app to a Slack-compatible incoming webhook. A message is posted at least once: such a
// webhook knows no ids, so one that was posted when the process died is posted again.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/file"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

const about = `consumer-slack posts a message for each new app to a Slack-compatible incoming webhook. It goes on until it is interrupted.

  echo https://hooks.example.com/services/… > webhook && chmod 600 webhook
  consumer-slack -webhook-file webhook
`

func main() {
	brokers := flag.String("brokers", "127.0.0.1:9092", "seed brokers, host:port, comma-separated")
	prefix := flag.String("prefix", "qlik.", "what the name of every topic begins with")
	group := flag.String("group", "consumer-slack", "consumer group")
	oldest := flag.Bool("oldest", false, "a new group begins at the oldest event that Kafka has, not with the next")
	webhookFile := flag.String("webhook-file", "webhook", "file that holds the webhook's URL, which is a secret")
	flag.Usage = func() { fmt.Fprint(flag.CommandLine.Output(), about, "\n"); flag.PrintDefaults() }
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	c := consumer.Config{Kafka: kafka.DefaultConfig(), Topics: topics.DefaultConfig(), Group: *group, FromLatest: !*oldest}
	c.Kafka.Brokers, c.Topics.Prefix = strings.Split(*brokers, ","), *prefix
	c.Retry = consumer.Retry{Attempts: 12, First: time.Second, Most: 10 * time.Minute} // Slack may be ill for minutes
	if err := run(ctx, c, *webhookFile); err != nil {
		fmt.Fprintln(os.Stderr, "consumer-slack:", err)
		os.Exit(1)
	}
}

// run blocks until ctx ends, and returns nil after a clean stop.
func run(ctx context.Context, c consumer.Config, webhookFile string) error {
	secret, err := file.Read(webhookFile)
	if err != nil {
		return fmt.Errorf("the webhook's URL: %w; -webhook-file names the file that holds it", err)
	}
	h := &webhook{url: strings.TrimSpace(string(secret)), client: &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the URL is for no other host
	}}
	if u, err := url.Parse(h.url); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%s does not hold the URL of a webhook", webhookFile)
	}
	c.Types = []string{"com.qlik.app.created"} // and its older name
	c.Concurrency = 1                          // a channel is read in order, and Slack takes about one message a second
	reader, err := consumer.New(c, h.announce, consumer.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	return reader.Run(ctx)
}

// webhook is where messages are posted to.
type webhook struct {
	url    string
	client *http.Client
}

// app is what the event says of the app. Qlik's legacy envelope wraps it once more.
type app struct {
	ID, Name, Owner string
	Attributes      *app
}

// announce handles one event.
func (h *webhook) announce(ctx context.Context, e event.Event) error {
	var a app
	if err := e.DataAs(&a); err != nil {
		return consumer.Refuse(err)
	}
	if a.Attributes != nil {
		a = *a.Attributes
	}
	return h.post(ctx, escape.Replace(fmt.Sprintf("New app: %s, made by %s (%s)", a.Name, a.Owner, a.ID)))
}

// escape is what Slack asks for; a name can then neither link nor mention anybody.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// post sends one message. A webhook that is not there, or has no time, says nothing about the event, which waits for it; what one answers
// 4xx to, it will not take another time either.
func (h *webhook) post(ctx context.Context, text string) error {
	body, _ := json.Marshal(map[string]string{"text": text}) // strings always can be
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return consumer.Refuse(withoutURL(err))
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := h.client.Do(request)
	if err != nil {
		return consumer.Hold(withoutURL(err))
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 200))
	err = fmt.Errorf("the webhook answered %s: %s", response.Status, said)
	switch status := response.StatusCode; {
	case status/100 == 2:
		return nil
	case status == http.StatusTooManyRequests:
		return consumer.Hold(consumer.After(err, retryAfter(response.Header)))
	case status/100 == 5:
		return err
	}
	return consumer.Refuse(err)
}

// withoutURL takes the secret out of an error, which is logged and stands in a dead letter.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("posting to the webhook: %w", err)
}

// retryAfter is in seconds, as Slack gives it; without it, one.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		seconds = 1
	}
	return time.Duration(seconds) * time.Second
}
