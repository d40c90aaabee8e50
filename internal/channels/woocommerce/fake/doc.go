// Package fake is a WooCommerce shop over HTTP: the routes of wc/v3 that the connector uses, with the validation, the
// limits, the error bodies and the traps measured on WooCommerce 10.0.2.
//
// What it does is compared with captured exchanges and the shop's own schema by the tests of the package above. Times
// are Options.Now; it starts no goroutine. Beside the faults of channeltest it has the traps of this channel (Traps).
//
// Orders hold made-up buyer data (Options.Canary) wherever real ones do: addresses, notes, line metadata, refund reasons.
package fake
