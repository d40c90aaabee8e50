#!/usr/bin/env bash
# Looks for known vulnerabilities in what the program calls. $1 is govulncheck.
#
# VULNDB_DIR  a folder with the OSV files of the Go vulnerability database (data/osv), for machines that cannot reach it.
#             An empty or old folder makes govulncheck report success, so both are refused here.
set -euo pipefail

if [ -z "${VULNDB_DIR:-}" ]; then
	exec "$1" ./...
fi
dir=$(cd "$VULNDB_DIR" && pwd)
count=$(find "$dir" -maxdepth 1 -name 'GO-*.json' | wc -l)
if [ "$count" -le 4000 ]; then
	echo "vuln: $count entries in VULNDB_DIR, want more than 4,000: an incomplete database reports success" >&2
	exit 1
fi
# The files hold no usable dates; their names hold the year.
newest=$(find "$dir" -maxdepth 1 -name 'GO-*.json' -printf '%f\n' | sort | tail -1)
echo "vuln: $count entries, newest $newest"
if [ "$(cut -d- -f2 <<<"$newest")" -lt "$(($(date +%Y) - 1))" ]; then
	echo "vuln: the database is old" >&2
	exit 1
fi
exec "$1" -db "file://$dir" ./...
