#!/bin/sh
# Makes .peers with the locked Python programs that tests run as separate processes. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
lock=requirements/peers.txt
stamp=.peers/.peers
if [ -f "$stamp" ] && cmp -s "$lock" "$stamp"; then
    exit 0
fi
[ -x .peers/bin/python ] || "${PYTHON:-python3}" -m venv .peers
.peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
cp "$lock" "$stamp"
