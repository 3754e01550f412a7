"""Runs every benchmark, or those named on the command line; exit code 1 where a goal is missed."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks import (
    collector,
    gateways,
    history,
    judging,
    ordinances,
    posture,
    routes,
    scale,
    startup,
    twins,
)
from benchmarks.timing import Result

HEADER = f"{'CPU time unless it says otherwise, medians':<52}{'ours':>12} {'peer':>12} {'ratio':>8}   goal"
MEASURES: Mapping[str, Callable[[Path], Result | Iterator[Result]]] = {
    "startup": startup.version,
    "judging": judging.town_night,
    "routes": routes.files_a_second,
    "ordinances": ordinances.hundred_files,
    "collector": collector.linux_script,
    "scale": scale.against_ssh,
    "ike": gateways.ike,
    "rdp": gateways.rdp,
    "tls": posture.tls,
    "thousand": posture.thousand,
    "sign-in": gateways.sign_in,
    "openvpn": gateways.openvpn_entrance,
    "years": history.years,
    "nights": history.nights,
    "twins": twins.twins,
}


def main() -> int:
    """Print the table; 1 where a goal is missed."""
    wanted = sys.argv[1:] or list(MEASURES)
    if unknown := [name for name in wanted if name not in MEASURES]:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(MEASURES)}", file=sys.stderr)
        return 2
    print(HEADER)
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            measured = MEASURES[name](Path(folder))
            for result in (measured,) if isinstance(measured, Result) else measured:
                missed |= result.ratio > result.goal
                print(result.line(), flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
