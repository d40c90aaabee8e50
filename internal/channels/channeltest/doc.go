// Package channeltest is the contract every adapter passes, over HTTP against its fake server, and the interface those
// fakes share.
package channeltest
