package kafka

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/aws"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"qlikbridge/bridge/file"
)

// The mechanisms, as Kafka names them.
const (
	plainText   = "PLAIN"
	scram256    = "SCRAM-SHA-256"
	scram512    = "SCRAM-SHA-512"
	oauthBearer = "OAUTHBEARER"
	mskIAM      = "AWS_MSK_IAM"
)

// credentialTimeout bounds fetching a token or AWS credentials.
const credentialTimeout = 10 * time.Second

// login returns the mechanism that c configures, nil for none. Files are read at every login.
func (c SASLConfig) login() sasl.Mechanism {
	switch c.Mechanism {
	case plainText:
		return plain.Plain(func(context.Context) (plain.Auth, error) {
			password, err := readSecret(c.PasswordFile)
			return plain.Auth{User: c.Username, Pass: password}, err
		})
	case scram256:
		return scram.Sha256(c.scram)
	case scram512:
		return scram.Sha512(c.scram)
	case oauthBearer:
		return c.oauth()
	case mskIAM:
		return aws.ManagedStreamingIAM(awsCredentials)
	}
	return nil
}

// Check reads the files that a login needs.
func (c SASLConfig) Check() error {
	for _, path := range []string{c.PasswordFile, c.ClientSecretFile} {
		if path == "" {
			continue
		}
		if _, err := readSecret(path); err != nil {
			return err
		}
	}
	return nil
}

func (c SASLConfig) scram(context.Context) (scram.Auth, error) {
	password, err := readSecret(c.PasswordFile)
	return scram.Auth{User: c.Username, Pass: password}, err
}

// oauth fetches a token by OAuth 2.0 client credentials and keeps it until shortly before it expires.
func (c SASLConfig) oauth() sasl.Mechanism {
	tokens := oauth2.ReuseTokenSource(nil, c)
	return oauth.Oauth(func(context.Context) (oauth.Auth, error) {
		token, err := tokens.Token()
		if err != nil {
			return oauth.Auth{}, fmt.Errorf("fetching a token from kafka.sasl.token_url: %w", err)
		}
		return oauth.Auth{Token: token.AccessToken}, nil
	})
}

// Token implements oauth2.TokenSource.
func (c SASLConfig) Token() (*oauth2.Token, error) {
	secret, err := readSecret(c.ClientSecretFile)
	if err != nil {
		return nil, err
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Timeout: credentialTimeout})
	config := clientcredentials.Config{ClientID: c.ClientID, ClientSecret: secret, TokenURL: c.TokenURL, Scopes: c.Scopes}
	return config.Token(ctx)
}

// awsCredentials follows the default chain of the AWS SDK: environment, profile, web identity, container and instance roles.
func awsCredentials(ctx context.Context) (aws.Auth, error) {
	ctx, cancel := context.WithTimeout(ctx, credentialTimeout)
	defer cancel()
	config, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Auth{}, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	c, err := config.Credentials.Retrieve(ctx)
	if err != nil {
		return aws.Auth{}, fmt.Errorf("fetching AWS credentials: %w", err)
	}
	return aws.Auth{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
}

// readSecret returns the content of a file without white space around it.
func readSecret(path string) (string, error) {
	content, err := file.Read(path)
	if err != nil {
		return "", fmt.Errorf("reading a Kafka credential: %w", err)
	}
	secret := strings.TrimSpace(string(content))
	if secret == "" {
		return "", fmt.Errorf("reading a Kafka credential: %s is empty", path)
	}
	return secret, nil
}
