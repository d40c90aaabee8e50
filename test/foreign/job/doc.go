// Package job proves the main job against two real stores that nobody here wrote: Medusa and Vendure, each with a
// thousand SKUs. The connector runs as a process of its own (this test binary, started again), so it can be killed.
package job
