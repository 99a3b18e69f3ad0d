// Command bench-baseline is the bare webhook bridge that cmd/bench compares qlik-bridge with: verify, decode, add attributes,
// encode, produce, answer. It has no metrics, no log, no spool and no dedupe, and is not for use.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/twmb/franz-go/pkg/kgo"
)

// topics :: type -> topic
var topics = map[string]string{"com.qlik.app.created": "qlik.apps", "com.qlik.v1.app.created": "qlik.apps"}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to listen on")
	brokers := flag.String("brokers", "127.0.0.1:9092", "Kafka brokers, comma-separated")
	secretFile := flag.String("secret-file", "", "file that holds the signing secret")
	flag.Parse()
	secret, err := os.ReadFile(*secretFile)
	if err != nil {
		log.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(*brokers, ",")...))
	if err != nil {
		log.Fatal(err)
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.POST("/webhooks/qlik", receive(client, []byte(strings.TrimSpace(string(secret)))))
	log.Fatal(e.Start(*listen))
}

// receive answers 200 once all in-sync replicas have the event.
func receive(client *kgo.Client, secret []byte) echo.HandlerFunc {
	return func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		if !signed(secret, body, c.Request().Header.Get("Qlik-Signature")) {
			return echo.NewHTTPError(http.StatusUnauthorized, "bad signature")
		}
		record, err := toRecord(body)
		if err != nil {
			return echo.NewHTTPError(http.StatusBadRequest, err.Error())
		}
		if err := client.ProduceSync(c.Request().Context(), record).FirstErr(); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string]any{"outcome": "published",
			"topic": record.Topic, "partition": record.Partition, "offset": record.Offset})
	}
}

func signed(secret, body []byte, signature string) bool {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	got, err := hex.DecodeString(signature)
	return err == nil && hmac.Equal(got, mac.Sum(nil))
}

// event is a CloudEvent with the attributes that Qlik sends.
type event struct {
	SpecVersion        string          `json:"specversion"`
	ID                 string          `json:"id"`
	Source             string          `json:"source"`
	Type               string          `json:"type"`
	Time               string          `json:"time"`
	DataContentType    string          `json:"datacontenttype"`
	TenantID           string          `json:"tenantid,omitempty"`
	UserID             string          `json:"userid,omitempty"`
	OwnerID            string          `json:"ownerid,omitempty"`
	SpaceID            string          `json:"spaceid,omitempty"`
	ClientID           string          `json:"clientid,omitempty"`
	SessionID          string          `json:"sessionid,omitempty"`
	AuthType           string          `json:"authtype,omitempty"`
	Host               string          `json:"host,omitempty"`
	TopLevelResourceID string          `json:"toplevelresourceid,omitempty"`
	PartitionKey       string          `json:"partitionkey"`
	RecordedTime       time.Time       `json:"recordedtime"`
	Data               json.RawMessage `json:"data"`
}

// toRecord keys the record by data.id.
func toRecord(body []byte) (*kgo.Record, error) {
	var e event
	var data struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil, err
	}
	e.SpecVersion, e.PartitionKey, e.RecordedTime = "1.0", data.ID, time.Now().UTC()
	value, err := json.Marshal(e)
	return &kgo.Record{Topic: topics[e.Type], Key: []byte(data.ID), Value: value}, err
}
