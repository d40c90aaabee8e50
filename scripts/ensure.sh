#!/usr/bin/env bash
# Installs what the tests need and is missing, side by side where that is safe. One line for each thing. Idempotent.
set -u
here=$(dirname "$0")

"$here/ensure-stores.sh" &
stores=$!
bad=0
# Both use the system's package manager, which works for one caller at a time.
"$here/ensure-postgres.sh" || bad=1
if go list -f '{{join .TestImports " "}} {{join .XTestImports " "}}' ./... 2>/dev/null | grep -q 'chromedp/chromedp'; then
	"$here/ensure-chromium.sh" || bad=1
fi
wait "$stores" || bad=1
exit "$bad"
