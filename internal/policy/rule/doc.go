// Package rule is what all rules of a seller share: how their JSON is read, how their mistakes are told, and how the
// levels installation, tenant, account and item are laid over each other.
//
// Decode refuses what the standard decoder lets pass. A key that is not known, given twice, or written in capitals is an
// error that names it: a rule with a typing mistake must not silently become no rule. null is refused as well: leaving a
// key out means "inherit", and every rule has a written neutral value, so absent, empty and zero stay three things (N19).
//
// It must not read anything but the bytes it is given, nor know what any rule means.
package rule
