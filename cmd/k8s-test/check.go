package main

import (
	"context"
	"time"

	"qlikbridge/bridge/proof"
)

// check compares the ledger with all that is in the release's topics. How long an answer took is in the table; here any will do.
func (r *release) check(ctx context.Context) error {
	attempts, err := proof.ReadLedger(r.ledgerFile())
	if err != nil {
		return err
	}
	c := proof.NewCheck(r.name, r.prefix, time.Hour, attempts)
	if err := c.Read(ctx, r.kafka.Brokers()); err != nil {
		return err
	}
	r.table.accounts = append(r.table.accounts, account{release: r.name, Findings: c.Findings(nil), unordered: r.disordered})
	return nil
}
