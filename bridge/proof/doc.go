// Package proof tries the bridge's promise: a Sender posts signed events and keeps a Ledger of every answer, and a Check compares that with
// all that is in Kafka afterwards. What happens to the bridge meanwhile is the business of those who use it, cmd/chaos and cmd/k8s-test.
//
// It knows nothing of the bridge but its contract, so that a mistake there cannot hide behind the same mistake here.
package proof
