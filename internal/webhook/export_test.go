package webhook

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/act"
)

// Deliver makes one attempt at a delivery to a webhook of an estate.
func (d *Deliverer) Deliver(ctx context.Context, rt *act.Runtime, estate, delivery uuid.UUID, last bool) error {
	return d.deliver(ctx, rt, deliver{estate, delivery}, last)
}

// Reaches tells whether an address may be connected to.
var Reaches = Config.reaches
