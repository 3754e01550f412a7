"""The command ``auditor``: answers ``--version`` without loading anything, hands the rest to the CLI."""

import os
import sys

from auditor import __version__


def main() -> None:
    """Run the command line; never returns."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"auditor {__version__}\n")
        raise SystemExit(0)
    from auditor.cli.app import run  # noqa: PLC0415 - start-up time

    code = run(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # workers still waiting for a silent host must not hold the prompt


if __name__ == "__main__":
    main()
