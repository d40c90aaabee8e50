// Package web is what a person sees in a browser. Pages are rendered on the server; the only script keeps them fresh and
// is part of the page by nonce. Nothing is loaded from elsewhere (C21).
//
// Until there are accounts for people, the server listens on loopback only and asks for a token that it prints once.
package web
