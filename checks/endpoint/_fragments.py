"""Lines that endpoint fragments begin with; shared between areas, they stand in `checks._fragments`."""

from checks._fragments import REGISTRY, SIGNED_IN, VIRTUAL

__all__ = ["REGISTRY", "SIGNED_IN", "VIRTUAL"]
