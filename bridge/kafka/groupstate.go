package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"qlikbridge/bridge"
)

// GroupState is a consumer group as its coordinator knows it.
type GroupState struct {
	Name    string
	State   string   // in Kafka's words, such as Empty or Stable
	Members []Member // who consumes in it now, by id
	Commits []Commit // where it stands, by topic and partition; without topics that the login may not describe
}

// Member is a consumer that is in a group now.
type Member struct {
	ID     string
	Client string // its client.id
	Host   string // where it connects from, as the broker sees it
}

// Commit is how far a group has come in a partition: the offset is that of the next record it is given.
type Commit struct {
	bridge.Place
	Metadata string // whatever the consumer left beside it
}

// Live reports whether somebody consumes in the group, or is about to: Kafka takes its offsets from its members alone then.
func (g GroupState) Live() bool { return len(g.Members) > 0 || g.State != "Empty" && g.State != "Dead" }

var (
	// ErrGroupMissing is that of a group that the cluster does not know, or the login may not.
	ErrGroupMissing = errors.New("no such group")
	// ErrGroupForeign is that of a group that consumes by another protocol than consumer groups do: share and streams groups.
	ErrGroupForeign = errors.New("no consumer group")
)

// Groups are the names of all groups that the login may describe, sorted.
func (c *Client) Groups(ctx context.Context) ([]string, error) {
	listed, err := c.admin.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the cluster for its groups: %w", denied(err))
	}
	return listed.Groups(), nil
}

// coordinatorPatience is how long a group's coordinator may be on its way: a broker that takes over, or the first group of a cluster.
const coordinatorPatience = 15 * time.Second

// GroupState asks a group's coordinator for its members and offsets, until ctx ends. Kafka has two protocols of consumer groups, and each knows
// its own groups alone, so both are asked. The error is ErrGroupMissing, ErrGroupForeign or ErrDenied where those are the reason.
func (c *Client) GroupState(ctx context.Context, name string) (GroupState, error) {
	patience, cancel := context.WithTimeout(ctx, coordinatorPatience)
	defer cancel()
	for {
		g, err := c.askGroup(ctx, name)
		if err == nil {
			return g, nil
		}
		err = fmt.Errorf("group %s: %w", name, denied(err))
		if passing := (*kerr.Error)(nil); !errors.As(err, &passing) || !passing.Retriable {
			return GroupState{}, err
		}
		select {
		case <-patience.Done():
			return GroupState{}, err
		case <-time.After(scanPause):
		}
	}
}

func (c *Client) askGroup(ctx context.Context, name string) (GroupState, error) {
	g, err := c.describe(ctx, name)
	switch {
	case errors.Is(err, ErrGroupMissing):
		names, listErr := c.Groups(ctx)
		if listErr == nil && slices.Contains(names, name) {
			err = ErrGroupForeign
		}
		return g, cmp.Or(listErr, err)
	case err == nil:
		g.Commits, err = c.commits(ctx, name)
	}
	return g, err
}

// describe prefers the newer protocol where the older knows the group but no members of one that has some: kfake answers so.
func (c *Client) describe(ctx context.Context, name string) (GroupState, error) {
	g, err := c.classic(ctx, name)
	missing := errors.Is(err, ErrGroupMissing)
	if missing || err == nil && len(g.Members) == 0 && g.Live() {
		if m, modernErr := c.modern(ctx, name); missing || modernErr == nil {
			return m, modernErr
		}
	}
	return g, err
}

// classic describes a group whose members agree among themselves who reads what.
func (c *Client) classic(ctx context.Context, name string) (GroupState, error) {
	described, err := c.admin.DescribeGroups(ctx, name)
	if err != nil {
		return GroupState{}, err
	}
	d, err := described.On(name, func(d *kadm.DescribedGroup) error { return d.Err })
	if errors.Is(err, kerr.GroupIDNotFound) || err == nil && d.State == "Dead" { // brokers before 4.0 give no error
		return GroupState{}, ErrGroupMissing
	}
	g := GroupState{Name: name, State: d.State}
	for _, m := range d.Members {
		g.Members = append(g.Members, member(m.MemberID, m.ClientID, m.ClientHost))
	}
	return g, err
}

// modern describes a group whose members are told by the coordinator who reads what (KIP-848).
func (c *Client) modern(ctx context.Context, name string) (GroupState, error) {
	described, err := c.admin.DescribeConsumerGroups(ctx, name)
	if answer := (*kerr.Error)(nil); err != nil && ctx.Err() == nil && !errors.As(err, &answer) { // the broker is older than the protocol
		err = ErrGroupMissing
	}
	if err != nil {
		return GroupState{}, err
	}
	d, ok := described[name]
	if !ok || errors.Is(d.Err, kerr.GroupIDNotFound) {
		return GroupState{}, ErrGroupMissing
	}
	g := GroupState{Name: name, State: d.State}
	for _, m := range d.Members {
		g.Members = append(g.Members, member(m.MemberID, m.ClientID, m.ClientHost))
	}
	return g, d.Err
}

// member takes off the slash that Java's addresses begin with.
func member(id, client, host string) Member {
	return Member{ID: id, Client: client, Host: strings.TrimPrefix(host, "/")}
}

// Commits is where a group stands, by topic and partition, without topics that the login may not describe; none for a group that the cluster does
// not know. It needs no right but to read in the group. It ends with ctx.
func (c *Client) Commits(ctx context.Context, group string) ([]Commit, error) {
	commits, err := c.commits(ctx, group)
	switch {
	case errors.Is(err, kerr.GroupIDNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("group %s: %w", group, err)
	}
	return commits, nil
}

func (c *Client) commits(ctx context.Context, group string) ([]Commit, error) {
	fetched, err := c.admin.FetchOffsets(kadm.RequireStable(ctx), group)
	if err != nil {
		return nil, err
	}
	var all []Commit
	for _, o := range fetched.Sorted() {
		switch {
		case o.Err != nil:
			return nil, fmt.Errorf("its offset in %s/%d: %w", o.Topic, o.Partition, o.Err)
		case o.At >= 0:
			all = append(all, Commit{bridge.Place{Topic: o.Topic, Position: bridge.Position{Partition: o.Partition, Offset: o.At}}, o.Metadata})
		}
	}
	slices.SortFunc(all, func(a, b Commit) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return all, nil
}
