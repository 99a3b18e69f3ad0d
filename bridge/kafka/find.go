package kafka

import (
	"context"
	"errors"
)

var errFound = errors.New("found")

// Find returns the first record of an extent that is wanted, in the order of Scan, which reads it; false: there is none. each is called for
// every record that was looked at. It blocks as Scan does.
func (c *Client) Find(ctx context.Context, e Extent, wanted func(Stored) bool, each func()) (found Stored, ok bool, err error) {
	err = c.Scan(ctx, e, func(r Stored) error {
		each()
		if !wanted(r) {
			return nil
		}
		found = r
		return errFound
	})
	if errors.Is(err, errFound) {
		return found, true, nil
	}
	return Stored{}, false, err
}
