// Package money is exact: amounts are whole minor units with a currency, rates are decimals, quantities are integers.
//
// There is no floating point on any path (N17). Text is read by strict parsers: no sign where none belongs, no comma,
// no exponent, no NaN, no more decimals than the currency has. What a parser refuses stays as it was.
// The decimal library has this package as its only importer.
package money
