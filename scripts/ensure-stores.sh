#!/bin/sh
# Installs the foreign stores of the tests (test/foreign/stores: Medusa and Vendure) into a cache outside of the tree
# and prints one line. Idempotent: the folder is named by the hash of what is to be installed and counts only when its
# marker "complete" stands; a broken or interrupted installation is done again. Runs in parallel wait for each other.
#
# CARPEDIEM_TEST_STORES  another cache folder (default: ${XDG_CACHE_HOME:-$HOME/.cache}/carpediem-stores)
set -eu
start=$(date +%s)
here=$(cd "$(dirname "$0")/../test/foreign/stores" && pwd)
cache=${CARPEDIEM_TEST_STORES:-${XDG_CACHE_HOME:-$HOME/.cache}/carpediem-stores}

for tool in node npm flock sha256sum; do
	command -v "$tool" >/dev/null || {
		echo "stores: $tool is needed (Node 20 with npm)" >&2
		exit 1
	}
done
sum=$(cat "$here/npmrc" "$here/medusa/package.json" "$here/vendure/package.json" | sha256sum | cut -c1-16)
dir=$cache/$sum
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ -f "$dir/complete" ]; then
	echo "stores: present in $dir"
	exit 0
fi
rm -rf "$dir"

# install NAME: npm into $dir/NAME, output into $dir/NAME.log.
install() {
	mkdir -p "$dir/$1"
	cp "$here/npmrc" "$dir/$1/.npmrc"
	cp "$here/$1/package.json" "$dir/$1/package.json"
	for try in 1 2 3; do
		if (cd "$dir/$1" && exec npm install --loglevel=error) >"$dir/$1.log" 2>&1 </dev/null 9>&-; then
			return
		fi
		rm -rf "$dir/$1/node_modules"
	done
	tail -n 30 "$dir/$1.log" >&2
	echo "stores: npm could not install $1" >&2
	return 1
}

install vendure &
vendure=$!
install medusa
wait "$vendure"
: >"$dir/complete"
echo "stores: installed in $dir in $(($(date +%s) - start)) s"
