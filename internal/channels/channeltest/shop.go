package channeltest

import "carpediemstore.it/sync-connector/internal/channels/farside"

// The words of the far side, under the names that tests use.
type (
	Shop      = farside.Shop
	Product   = farside.Product
	Item      = farside.Item
	Truth     = farside.Truth
	Order     = farside.Order
	Fault     = farside.Fault
	FaultKind = farside.FaultKind
	Hooker    = farside.Hooker
	Hook      = farside.Hook
)

// The faults every fake can show.
const (
	FaultNone      = farside.FaultNone
	Fault429       = farside.Fault429
	Fault500       = farside.Fault500
	FaultHTML      = farside.FaultHTML
	FaultHTML200   = farside.FaultHTML200
	FaultTruncated = farside.FaultTruncated
	FaultLost      = farside.FaultLost
	FaultDropped   = farside.FaultDropped
	FaultHuge      = farside.FaultHuge
	FaultEmpty     = farside.FaultEmpty
	FaultUnauth    = farside.FaultUnauth
	FaultIgnored   = farside.FaultIgnored
	FaultShortList = farside.FaultShortList
	FaultDuplicate = farside.FaultDuplicate
	FaultWrongType = farside.FaultWrongType
	FaultPartial   = farside.FaultPartial
	FaultSlow      = farside.FaultSlow
)
