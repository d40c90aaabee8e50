// Package all is the explicit list of the channels this program knows. A reader who looks for the list finds it here:
// nothing registers itself.
package all

import (
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/medusa"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/channels/vendure"
	"carpediemstore.it/sync-connector/internal/channels/woocommerce"
)

// Registry returns every driver, in alphabetical order.
func Registry() (*channel.Registry, error) {
	return channel.NewRegistry(
		medusa.Driver(),
		model.Driver(),
		vendure.Driver(),
		woocommerce.Driver(),
	)
}
