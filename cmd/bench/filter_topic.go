package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/topics"
)

const (
	filterTopic = prefix + "bench-filter"
	filterTypes = 50
)

// typesOf are the types of the records, today's names; the first is the one that the library handles.
func typesOf() (names []string) {
	for _, f := range topics.Default().Families {
		for _, t := range f.Types {
			if len(t.Aliases) == 0 {
				names = append(names, t.Name)
			}
		}
	}
	return names[:filterTypes]
}

// fill makes a topic with n records as the bridge writes them, of 1 KB, of each type as many.
func (k *kafka) fill(ctx context.Context, n int, out io.Writer) (string, error) {
	admin := kadm.NewClient(k.client)
	if _, err := admin.CreateTopic(ctx, partitions, 1, nil, filterTopic); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return "", fmt.Errorf("making %s: %w", filterTopic, err)
	}
	ends, err := k.ends(ctx)
	if err != nil {
		return "", err
	}
	if have := ends[filterTopic]; have > 0 {
		if have != int64(n) {
			return "", fmt.Errorf("%s holds %d records, wanted %d: delete it", filterTopic, have, n)
		}
		return filterTopic, nil
	}
	fmt.Fprintf(out, "filling %s with %d records\n", filterTopic, n)
	return filterTopic, k.produce(ctx, n)
}

func (k *kafka) produce(ctx context.Context, n int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(k.brokers...), kgo.ProducerBatchCompression(kgo.SnappyCompression())) // as the bridge does
	if err != nil {
		return err
	}
	defer client.Close()
	random, names := rand.New(rand.NewPCG(1, 2)), typesOf()
	var first error
	var once sync.Once
	for i := range n {
		client.Produce(ctx, filterRecord(random, i, names[i%filterTypes]), func(_ *kgo.Record, err error) {
			if err != nil {
				once.Do(func() { first = err })
			}
		})
	}
	return errors.Join(client.Flush(ctx), first)
}

// filterRecord is an event of Qlik's shape whose ids, times and texts are not those of the next.
func filterRecord(random *rand.Rand, i int, typ string) *kgo.Record {
	id := func() string {
		var b [16]byte
		for j := range b {
			b[j] = byte(random.Uint32())
		}
		s := hex.EncodeToString(b[:])
		return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
	}
	at := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC).Add(time.Duration(i) * 37 * time.Millisecond).Format(time.RFC3339Nano)
	event, thing, source := id(), id(), "com.qlik/my-service"
	value := fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":%q,"type":%q,"time":%q,"tenantid":"kW3mQx81","userid":%q,"sessionid":%q,"authtype":"jwt",`+
		`"host":"acme.eu.qlikcloud.com","toplevelresourceid":%q,"datacontenttype":"application/json","partitionkey":%q,"recordedtime":%q,"qlikenvelope":"cloudevents",`+
		`"data":{"id":%q,"name":"Sales overview %d","description":"Weekly figures of region %d, seen by %s","spaceId":%q,"ownerId":%q,"createdDate":%q,"modifiedDate":%q,`+
		`"usage":"ANALYTICS","published":false,"hasSectionAccess":false,"attributes":{"originAppId":%q,"resourceType":"app","size":%d}}}`,
		event, source, typ, at, id(), id(), thing, thing, at, thing, i, i%17, id(), id(), id(), at, at, id(), random.Uint32())
	return &kgo.Record{Topic: filterTopic, Key: []byte(thing), Value: value, Headers: slices.Clone([]kgo.RecordHeader{
		{Key: "content-type", Value: []byte("application/cloudevents+json; charset=utf-8")}, {Key: "ce_id", Value: []byte(event)}, {Key: "ce_type", Value: []byte(typ)},
		{Key: "ce_source", Value: []byte(source)}, {Key: "ce_time", Value: []byte(at)}})}
}
