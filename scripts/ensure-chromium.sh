#!/bin/sh
# Makes sure that a Chromium is installed for the browser tests (Debian package) and prints one line. Idempotent.
set -eu
start=$(date +%s)

find_browser() {
	command -v chromium || command -v chromium-browser || command -v google-chrome
}

if browser=$(find_browser); then
	echo "chromium: present as $browser ($("$browser" --version 2>/dev/null))"
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "chromium: no browser found and only root can install it (apt-get install chromium)" >&2
	exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
{
	apt-get update
	apt-get install -y --no-install-recommends chromium
} >"$log" 2>&1 </dev/null || {
	tail -n 30 "$log" >&2
	echo "chromium: the installation did not succeed" >&2
	exit 1
}
browser=$(find_browser)
echo "chromium: installed as $browser ($("$browser" --version 2>/dev/null)) in $(($(date +%s) - start)) s"
