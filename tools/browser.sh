#!/bin/sh
# Check that Chromium is installed for the console tests; install Debian's package if running as root with apt-get.
set -eu
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "· installing Debian's Chromium (first run only)"
  for wait in 5 15 0; do
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
    sleep "$wait"
  done
fi
echo "Chromium is not on the PATH and the console tests need it. Install it (Debian: sudo apt-get install chromium)." >&2
exit 1
