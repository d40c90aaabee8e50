// Package outbound is the only place that opens a connection to the outside (C06, C22, C23).
//
// A Guard holds the rules of the installation. Guard.Address checks and canonicalises a base URL when an account is
// connected; Guard.Client returns an http.Client that reaches the hosts of one account and nothing else. Connections are
// shared by all clients of a guard and kept alive.
//
// What holds for every request:
//   - Only listed hosts, https only, no user name in the URL, no other Host header. http is for networks the
//     installation allows, if it allows it at all.
//   - The address is judged at the moment of connecting, for every attempt, whatever DNS said before: public unicast or
//     an allowed network, never a metadata service, never this program's own listeners.
//   - TLS 1.2 or newer with certificate checks; a host may be pinned to another CA, nothing else relaxes them.
//   - Redirects are not followed and no proxy of the environment is used.
//   - Dialling, the TLS handshake, waiting for headers, each pause of a body and the whole exchange have their own
//     deadlines, and a body has a limit (F5, F26). The limit counts decompressed bytes, so it holds for a bomb as well.
//   - A request is sent once. The transport repeats by itself only what cannot have left, and reads.
//
// Errors are faults: Invalid for what the guard refuses, Unavailable for what the other side or the network did, TooLarge
// for a body over the limit, Canceled for the caller's own cancel. Sent is false when the request cannot have left.
// Send requests with Do: http.Client puts the URL with its query into its errors, Do takes it out (C28).
//
// HTTP/1.1 only: a cut connection then concerns one request, and a deadline frees one socket.
//
// It must not retry, log, or know a channel.
package outbound
