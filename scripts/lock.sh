#!/bin/sh
# Pins every dependency with its hashes, for all systems and Python >= 3.11. The files name no index.
set -eu
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --custom-compile-command "make lock" "$@"
}
compile pyproject.toml requirements/build.in --output-file requirements/run.txt
compile pyproject.toml requirements/build.in --group dev --constraint requirements/run.txt \
    --output-file requirements/dev.txt
compile requirements/peers.in --output-file requirements/peers.txt
compile requirements/peers-built.in --output-file requirements/peers-built.txt
compile requirements/mayan.in --output-file requirements/mayan.txt
