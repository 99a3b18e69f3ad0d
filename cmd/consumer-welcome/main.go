// Command consumer-welcome is a reference consumer: it shows work that is done as nearly once as it can be, and which failures are the
// event's and which are the world's. It sends a welcome e-mail to each new user. Every attempt sends the same message with the same
// Message-ID, made of the event's id, so that a mail server that drops duplicates drops a second one.
package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	address "net/mail"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/wneessen/go-mail"

	"qlikbridge/bridge/consumer"
	"qlikbridge/bridge/file"
	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

const about = `consumer-welcome sends a welcome e-mail to each new user. It goes on until it is interrupted.

  python3 -m aiosmtpd -n -l 127.0.0.1:1025 &      # a mail server that prints what it is sent
  consumer-welcome -smtp 127.0.0.1:1025
`

func main() {
	var s server
	brokers := flag.String("brokers", "127.0.0.1:9092", "seed brokers, host:port, comma-separated")
	prefix := flag.String("prefix", "qlik.", "what the name of every topic begins with")
	group := flag.String("group", "consumer-welcome", "consumer group")
	oldest := flag.Bool("oldest", false, "a new group begins at the oldest event that Kafka has, not with the next")
	flag.StringVar(&s.address, "smtp", "127.0.0.1:1025", "mail server, host:port; it must offer STARTTLS, but for one on this machine")
	flag.StringVar(&s.from, "from", "welcome@localhost", "address that the mails are from")
	flag.StringVar(&s.user, "user", "", "user name at the mail server; empty: no login")
	flag.StringVar(&s.passwordFile, "password-file", "", "file that holds the password")
	flag.Usage = func() { fmt.Fprint(flag.CommandLine.Output(), about, "\n"); flag.PrintDefaults() }
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	c := consumer.Config{Kafka: kafka.DefaultConfig(), Topics: topics.DefaultConfig(), Group: *group, FromLatest: !*oldest}
	c.Kafka.Brokers, c.Topics.Prefix = strings.Split(*brokers, ","), *prefix
	c.Retry = consumer.Retry{Attempts: 12, First: time.Second, Most: 10 * time.Minute} // who greylists answers "later" for minutes
	if err := run(ctx, c, s); err != nil {
		fmt.Fprintln(os.Stderr, "consumer-welcome:", err)
		os.Exit(1)
	}
}

// run blocks until ctx ends, and returns nil after a clean stop.
func run(ctx context.Context, c consumer.Config, s server) error {
	office, err := s.open()
	if err != nil {
		return err
	}
	c.Types = []string{"com.qlik.core.user.created"} // and its older name
	reader, err := consumer.New(c, office.welcome, consumer.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	return reader.Run(ctx)
}

// server is how the mail server is reached.
type server struct{ address, from, user, passwordFile string }

// open does not connect.
func (s server) open() (*postOffice, error) {
	host, service, err := net.SplitHostPort(s.address)
	port, err2 := strconv.Atoi(service)
	from, err3 := address.ParseAddress(s.from)
	if errors.Join(err, err2, err3) != nil {
		return nil, fmt.Errorf("-smtp %q, -from %q: host:port, and a mail address", s.address, s.from)
	}
	policy := mail.TLSMandatory
	if host == "localhost" || net.ParseIP(host).IsLoopback() {
		policy = mail.TLSOpportunistic
	}
	o := []mail.Option{mail.WithPort(port), mail.WithTimeout(30 * time.Second), mail.WithTLSPolicy(policy)}
	if s.user != "" {
		password, err := file.Read(s.passwordFile)
		if err != nil {
			return nil, fmt.Errorf("-password-file: %w", err)
		}
		o = append(o, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.user), mail.WithPassword(strings.TrimSpace(string(password))))
	}
	client, err := mail.NewClient(host, o...)
	return &postOffice{from, client}, err
}

// postOffice sends the mails.
type postOffice struct {
	from   *address.Address
	client *mail.Client
}

// welcome handles one event. A server that cannot be reached, or takes no login, says nothing about the event, which waits for it; a mail
// that it answers 5xx to, it will not take another time either.
func (o *postOffice) welcome(ctx context.Context, e event.Event) error {
	var user struct{ Name, Email string }
	if err := e.DataAs(&user); err != nil {
		return consumer.Refuse(err)
	}
	to, err := address.ParseAddress(user.Email)
	if user.Email == "" {
		return nil // a bot
	} else if err != nil {
		return consumer.Refuse(fmt.Errorf("the address %q: %w", user.Email, err))
	}
	return o.send(ctx, o.message(e, to.Address, user.Name))
}

func (o *postOffice) send(ctx context.Context, m *mail.Msg) error {
	err := o.client.DialAndSendWithContext(ctx, m)
	var answer *mail.SendError
	switch {
	case err == nil || m.IsDelivered(): // then only the goodbye failed
		return nil
	case !errors.As(err, &answer):
		return consumer.Hold(err)
	case answer.ErrorCode()/100 == 5:
		return consumer.Refuse(err)
	}
	return err
}

// message is the same for the same event, but for its date. What users call themselves stays out of the header.
func (o *postOffice) message(e event.Event, to, name string) *mail.Msg {
	m, id := mail.NewMsg(), sha256.Sum256([]byte(e.Source()+"\x00"+e.ID()))
	_, domain, _ := strings.Cut(o.from.Address, "@")
	m.FromMailAddress(o.from)
	m.ToMailAddress(&address.Address{Address: to})
	m.Subject("Welcome to Qlik Cloud")
	m.SetMessageIDWithValue(fmt.Sprintf("%x@%s", id[:16], domain))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday notice is to answer it
	m.SetBodyString(mail.TypeTextPlain, "Hello "+cmp.Or(name, to)+",\n\nyour account in Qlik Cloud is ready.\n")
	return m
}
