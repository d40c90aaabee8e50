// Package catalog knows what a seller's items are called and which listing sells which of them.
//
// Identity. A SKU is kept byte for byte as it was received and compared byte for byte: case and space variants are
// suggestions, never the same SKU (F27). A GTIN is compared by its 14-digit key. A bundle is made of items that are no
// bundles themselves, so nothing can be circular (depth 1).
//
// Matching. Exact decides a group of items and listings that share a key, Decide one listing from its groups: exact and
// unique is automatic, everything ambiguous is a conflict with its reason and never guessed (N11, S13), everything else
// is a Suggestion with score and reason. Join streams groups out of two sorted sequences in bounded memory.
//
// Imports. A Layout reads the header of a file and then its rows into three-state fields (N19): blank keeps, #null clears,
// a column that is missing says nothing; none of them is ever zero. Every refusal names file, line and column. Formula
// cells are refused, text that looks like a formula is text. Package sheet reads the files themselves.
//
// It must not do I/O, read a clock, use floating point, or decide by the order of a map.
package catalog
