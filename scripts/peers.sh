#!/bin/sh
# Makes .peers and .mayan with the locked Python programs that tests run as separate processes. Safe to run again.
set -eu
cd "$(dirname "$0")/.."

# holds HOME LOCK…: whether HOME was made from just these locks
holds() {
    home=$1
    shift
    [ -f "$home/.locked" ] && cat "$@" | cmp -s - "$home/.locked"
}
make() {
    [ -x "$1/bin/python" ] || "${PYTHON:-python3}" -m venv "$1"
}
install() {
    home=$1
    shift
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes "$@"
}

lock=requirements/peers.txt
built=requirements/peers-built.txt
if ! holds .peers $lock $built; then
    make .peers
    install .peers -r $lock
    # without isolation, so that the locked setuptools builds it
    if install .peers --no-build-isolation -r $built; then
        cat $lock $built >.peers/.locked
    else
        echo "No compiler (gcc, python3-dev): the tests that need sstp-server are skipped." >&2
    fi
fi

lock=requirements/mayan.txt
if ! holds .mayan $lock; then
    make .mayan
    if install .mayan -r $lock; then
        cat $lock >.mayan/.locked
    else
        echo "No compiler or libraries (tests/peers/packages.txt): the tests that need Mayan EDMS are skipped." >&2
    fi
fi
