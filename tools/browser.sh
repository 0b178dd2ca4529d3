#!/bin/sh
# Finds Chromium for the tests of the console, or installs Debian's where it may.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "· installing Debian's Chromium (once)"
  for wait in 5 15 0; do
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
    sleep "$wait"
  done
fi
echo "The tests of the console need Chromium on the PATH. On Debian: sudo apt-get install chromium" >&2
exit 1
