"""The engine of telework-auditor: what a town declares, how it is learnt, how it is judged."""

__version__ = "0.1.0"
