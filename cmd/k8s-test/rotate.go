package main

import (
	"context"
	"encoding/base64"
	"fmt"

	"qlikbridge/bridge/proof"
)

// rotate puts a new signing secret above the one that is in use, and waits until every pod takes deliveries by its second: Kubernetes brings
// a changed Secret into running pods within a minute or two, and the bridge reads it again. No request may fail.
func (r *release) rotate(ctx context.Context) error {
	return r.underLoad(ctx, "signing secret rotated", true, func(ctx context.Context) error {
		secrets := base64.StdEncoding.EncodeToString([]byte("a-new-secret-a-new-secret-a-new-secret\n" + proof.Secret + "\n"))
		_, err := r.kube.kubectl(ctx, "patch", "secret", "qlik-bridge-signing", "--patch", `{"data":{"secrets":"`+secrets+`"}}`)
		if err != nil {
			return err
		}
		pods, err := r.kube.pods(ctx, r.name, "bridge")
		if err != nil {
			return err
		}
		return until(ctx, "every pod takes the second secret", patience, func() error {
			for _, pod := range pods {
				if n, err := r.metric(ctx, pod, "qlik_bridge_signatures_total", `secret="retiring"`); err != nil || n == 0 {
					return fmt.Errorf("%s has taken %.0f deliveries by it (%v)", pod, n, err)
				}
			}
			return nil
		})
	})
}
