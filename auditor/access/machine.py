"""This machine, for the technical page: hardware, addresses, boot time; and itself as an endpoint."""

import platform
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

from auditor.errors import PluginError
from auditor.targets import Endpoint

_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_SERIAL = Path("/sys/class/dmi/id/product_serial")
_CPU = Path("/proc/cpuinfo")
_NO_SERIAL = frozenset(
    {"", "0", "none", "not specified", "default string", "to be filled by o.e.m.", "system serial number"}
)


def this_system() -> str:
    """The word for this system in fact scripts: linux, macos or windows.

    Raises:
        PluginError: another one, for which there are no facts.
    """
    if sys.platform not in _SYSTEMS:
        raise PluginError("unsupported_system", name=sys.platform)
    return _SYSTEMS[sys.platform]


def this_endpoint() -> Endpoint:
    """This machine as a target; `serial` is "" where it cannot be read (Linux shows it to root only)."""
    name = socket.gethostname()
    return Endpoint(id=name, serial=_serial(), name=name, os=this_system(), road="local")


def this_machine() -> dict[str, str]:
    """What psutil tells, as text by name; what cannot be read is left out. Sizes are bytes, times UTC."""
    memory = psutil.virtual_memory()
    found = {
        "host_name": socket.gethostname(),
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "cpu_model": _cpu_model(),
        "cpu_count": str(psutil.cpu_count() or ""),
        "memory_bytes": str(memory.total),
        "booted_at": datetime.fromtimestamp(psutil.boot_time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "serial": _serial(),
        **_disks(),
        **_interfaces(),
    }
    return {name: value for name, value in found.items() if value}


def _cpu_model() -> str:
    try:
        lines = _CPU.read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def _serial() -> str:
    try:
        serial = _SERIAL.read_text("ascii", "replace").strip()
    except OSError:
        return ""
    return "" if serial.lower() in _NO_SERIAL else serial


def _disks() -> dict[str, str]:
    disks: dict[str, str] = {}
    for partition in psutil.disk_partitions(all=False):
        try:
            usage = psutil.disk_usage(partition.mountpoint)
        except OSError:
            continue
        disks[f"disk {partition.mountpoint}"] = f"{usage.total} bytes, {usage.free} free, {partition.fstype}"
    return disks


def _interfaces() -> dict[str, str]:
    families = (socket.AF_INET, socket.AF_INET6)
    return {
        f"interface {name}": ", ".join(entry.address for entry in entries if entry.family in families)
        for name, entries in sorted(psutil.net_if_addrs().items())
    }
