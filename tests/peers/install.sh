#!/bin/sh
# Installs the test peers named in packages.txt: on Debian, as root. Elsewhere says what is missing.
set -eu
cd "$(dirname "$0")"
missing=""
if command -v dpkg-query >/dev/null; then
    for package in $(grep -v '^#' packages.txt); do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
else
    echo "Not a Debian system: tests whose server is not installed are skipped." >&2
    exit 0
fi
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "Not root: tests that need these packages are skipped:$missing" >&2
    exit 0
fi
echo "Installing the test peers:$missing"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    # the tests start their own servers; Debian need not start the system's
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends $missing
