package router

import (
	"context"
	"fmt"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
)

// Direct is a publisher without a broker: it gives each batch to an engine of this
// process, for tools that work on a folder.
type Direct struct{ Engine *Engine }

// Publish decides a batch as a round of its own. The answer is that of committed
// events. The error is broker.ErrOverloaded where the disk is full, or else the
// engine's, after which the process should end.
func (d Direct) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	answers, err := d.Engine.Round(ctx, []Request{{Source: from, Batch: batch}})
	if err != nil {
		return nil, err
	}
	if answers[0].GetOverloaded() {
		return nil, fmt.Errorf("%w: the disk is full", broker.ErrOverloaded)
	}
	return answers[0], nil
}
