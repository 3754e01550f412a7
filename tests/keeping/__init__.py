"""Promises of the history's years: differences, formats, seals, retention, copies."""
