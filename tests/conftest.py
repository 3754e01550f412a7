"""Tests marked ``samples`` read public files that lie beside the repository; elsewhere there are none."""

from pathlib import Path

import pytest
from hypothesis import settings

SAMPLES = Path(__file__).parents[2] / "shared"

settings.register_profile("shared", deadline=None)  # a busy machine is no finding
settings.load_profile("shared")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect, and so count, what has nothing to read; a skip stays the sign of a missing server."""
    if SAMPLES.is_dir():
        return
    without = [item for item in items if item.get_closest_marker("samples")]
    config.hook.pytest_deselected(items=without)
    items[:] = [item for item in items if item not in without]
