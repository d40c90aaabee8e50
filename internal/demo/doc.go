// Package demo runs the whole connector on this machine: marketplaces of several kinds behind HTTP, a catalogue, buyers
// who buy, an owner who edits by hand, an outage and a dangerous price, and the connector that keeps them right. The
// marketplaces keep the true order list, so at the end the demo knows what is true and says how far the connector was
// from it.
package demo
