package main_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"qlikbridge/bridge/sandbox"
)

// allow are operations on something, granted.
func allow(resource kmsg.ACLResourceType, name string, operations ...kmsg.ACLOperation) (all []kfake.ACL) {
	for _, o := range operations {
		all = append(all, kfake.ACL{Resource: resource, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: o, Allow: true})
	}
	return all
}

// TestRedriveRights asserts that a reset, its undo and a copy need the rights that docs/redrive.md lists, and no more.
func TestRedriveRights(t *testing.T) {
	t.Parallel()
	var acls []kfake.ACL
	for _, some := range [][]kfake.ACL{
		allow(kmsg.ACLResourceTypeGroup, "billing", kmsg.ACLOperationRead, kmsg.ACLOperationDelete),
		allow(kmsg.ACLResourceTypeTopic, "qlik.apps", kmsg.ACLOperationRead, kmsg.ACLOperationDescribeConfigs),
		allow(kmsg.ACLResourceTypeTopic, "side", kmsg.ACLOperationRead, kmsg.ACLOperationDescribeConfigs, kmsg.ACLOperationWrite, kmsg.ACLOperationCreate),
	} {
		acls = append(acls, some...)
	}
	k, err := sandbox.StartKafka(sandbox.KafkaOptions{Ports: []int{0}}, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "root", "root-password"),
		kfake.User("PLAIN", "operator", "operator-password", acls...))
	must(t, err)
	t.Cleanup(k.Close)
	r := newRedriven(t, k.Brokers(), kgo.SASL(plain.Auth{User: "root", Pass: "root-password"}.AsMechanism()))
	_, err = r.admin.CreateTopic(t.Context(), 2, 1, nil, "qlik.apps")
	must(t, err)
	r.put(t, "qlik.apps", 0, appCreated, appCreated)
	r.commit(t, "billing", "qlik.apps", 0, 2)
	r.commit(t, "payroll", "qlik.apps", 0, 2)
	login := []string{"--kafka-sasl-mechanism", "PLAIN", "--kafka-sasl-username", "operator", "--kafka-sasl-password-file", file(t, "password", "operator-password")}
	do := func(args ...string) ended { t.Helper(); return r.run(t, append(args, login...)...) }
	do("--group", "billing", "--topic", "qlik.apps", "--to-earliest", "--execute", "--undo-file", "back.json").expect(t, 0, "2 offsets set")
	do("--undo", "back.json", "--execute").expect(t, 0, "2 offsets set")
	do("--copy-to", "side", "--topic", "qlik.apps", "--to-earliest", "--execute").expect(t, 0, "2 events copied to side")
	denied := do("--group", "payroll", "--to-earliest")
	if denied.expect(t, 1, "group payroll: not authorised", "redrive needs Describe and Read on the group"); strings.Contains(denied.out, "TOPIC") {
		t.Errorf("got %s, want no plan", denied.out)
	}
	do("--copy-to", "another", "--topic", "qlik.apps", "--to-earliest", "--execute").expect(t, 1, "Not authorized")
}
