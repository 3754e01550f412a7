"""Machines without a script: what the exports of admin consoles tell of them, as evidence."""

from auditor.consoles.reading import News, consoles_evidence

__all__ = ["News", "consoles_evidence"]
