"""How endpoint answers are read; the helpers are shared between areas and stand in `checks._read`."""

from checks._read import columns, listed, members, record, truth, whole, word

__all__ = ["columns", "listed", "members", "record", "truth", "whole", "word"]
