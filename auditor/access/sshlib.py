"""paramiko, loaded without the library that it loads only for ``Match exec`` in an ssh_config.

We never read an ssh_config. Without it every scan starts 40 ms sooner, a quarter of the time it takes to load
paramiko. Should paramiko need it one day, it is loaded as usual.
"""

import sys

_UNUSED = "invoke"


def _loaded_already() -> bool:
    return _UNUSED in sys.modules or "paramiko" in sys.modules


if _loaded_already():
    import paramiko
else:
    sys.modules[_UNUSED] = None  # type: ignore[assignment]  # documented: makes its import fail
    try:
        import paramiko
    except ImportError:
        del sys.modules[_UNUSED]
        import paramiko
    else:
        del sys.modules[_UNUSED]

__all__ = ["paramiko"]
