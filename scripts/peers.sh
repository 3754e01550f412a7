#!/bin/sh
# Makes .peers with the locked Python programs that tests run as separate processes. Safe to run again.
set -eu
cd "$(dirname "$0")/.."
lock=requirements/peers.txt
built=requirements/peers-built.txt
stamp=.peers/.peers
install() {
    .peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes "$@"
}
if [ -f "$stamp" ] && cat "$lock" "$built" | cmp -s - "$stamp"; then
    exit 0
fi
[ -x .peers/bin/python ] || "${PYTHON:-python3}" -m venv .peers
install -r "$lock"
# without isolation, so that the locked setuptools builds it
if install --no-build-isolation -r "$built"; then
    cat "$lock" "$built" >"$stamp"
else
    echo "No compiler (gcc, python3-dev): the tests that need sstp-server are skipped." >&2
fi
