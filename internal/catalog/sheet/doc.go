// Package sheet reads and writes the files of package catalog: CSV (RFC 4180, separated by comma, semicolon or tab) and
// XLSX, row by row, in memory that does not grow with the file.
//
// Open finds out by content what a file is and reports it (Info); what a file is about and whether it is complete is
// declared by the person. Rows gives each row or the errors that name file, line and column; Done tells whether the file
// was read to its end, because a file that was cut is never a complete one (S6).
//
// XLSX is read by its own small reader: the rows of the spreadsheet library cannot be told apart by cell type, formulas
// come as their cached values, and a damaged sheet ends like a short one. Formula, date, true/false and error cells are
// passed on as what they are, and refused by the layout. Nothing is ever evaluated.
//
// Write protects what a spreadsheet would take for a formula with an apostrophe, which Open takes off again.
//
// It must not open files by name, keep temporary files, or reach the network.
package sheet
