#!/bin/sh
# Makes sure that PostgreSQL's server programs are installed (Debian package) and prints one line. Idempotent.
# The distribution's own cluster is neither created nor started: tests run servers of their own on free ports.
set -eu
start=$(date +%s)

find_bin() {
	if p=$(command -v postgres) && [ -x "$(dirname "$p")/initdb" ]; then
		dirname "$p"
		return
	fi
	for p in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -rn); do
		if [ -x "$p/initdb" ] && [ -x "$p/postgres" ]; then
			echo "$p"
			return
		fi
	done
	return 1
}

if bin=$(find_bin); then
	echo "postgres: present in $bin ($("$bin/postgres" --version))"
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "postgres: no server found and only root can install it (apt-get install postgresql)" >&2
	exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
{
	apt-get update
	# The package that manages clusters goes first, so that the switch is off before a server package looks at it.
	apt-get install -y --no-install-recommends postgresql-common
	sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
	apt-get install -y --no-install-recommends postgresql
} >"$log" 2>&1 </dev/null || {
	tail -n 30 "$log" >&2
	echo "postgres: the installation did not succeed" >&2
	exit 1
}
bin=$(find_bin)
echo "postgres: installed in $bin ($("$bin/postgres" --version)) in $(($(date +%s) - start)) s"
