// Package fake is a Vendure store of the kind adapter tests and the demo need: the Admin API over HTTP, with the
// validation, the error codes and the habits measured on Vendure 3.7.3.
//
// It executes the documents it is sent: what a document does not name is not answered, so that buyer data stand in
// every order and still leave only when somebody asks for them. Its habits worth knowing: a state change does not move
// an order's updatedAt, a fulfillment lowers stockOnHand, cancelling units of a partly fulfilled line raises it, one bad
// row of a write rolls the whole call back, and nearly every refusal is HTTP 200.
package fake
